import type { Host } from '../host';
import type { WindowMemory } from './memory';

/**
 * Owns the choice between light and dark and how large the page is, which this window remembers.
 * Does not own any colour: `app.css` has two sets and follows `data-theme` on the root element.
 */
export type Theme = 'system' | 'light' | 'dark';

export const themes: readonly Theme[] = ['system', 'light', 'dark'];

/** Percent. The steps that browsers have between these two. */
export const zooms: readonly number[] = [50, 67, 75, 80, 90, 100, 110, 125, 150, 175, 200];

export class AppearanceStore {
  theme = $state<Theme>('system');
  /** What is shown now, whoever chose it: for pictures, which cannot read the tokens. */
  dark = $state(false);
  /** Percent, one of `zooms`. */
  zoom = $state(100);

  #dark = window.matchMedia('(prefers-color-scheme: dark)');
  #host: Host;
  #memory: WindowMemory;

  constructor(host: Host, memory: WindowMemory) {
    this.#host = host;
    this.#memory = memory;
    const saved = memory.get('theme');
    this.theme = themes.find((theme) => theme === saved) ?? 'system';
    this.#dark.addEventListener('change', () => this.#show());
    this.#show();
    const zoom = Number(memory.get('zoom'));
    if (zooms.includes(zoom) && zoom !== 100) this.#enlarge(zoom);
  }

  choose(theme: Theme) {
    this.theme = theme;
    void this.#memory.set('theme', theme === 'system' ? null : theme);
    this.#show();
  }

  /** One step larger (1) or smaller (-1). */
  zoomBy(step: 1 | -1) {
    const next = zooms[zooms.indexOf(this.zoom) + step];
    if (next !== undefined) this.setZoom(next);
  }

  setZoom(percent: number) {
    void this.#memory.set('zoom', percent === 100 ? null : String(percent));
    this.#enlarge(percent);
  }

  #enlarge(percent: number) {
    this.zoom = percent;
    // A page that could not be made larger is still a page.
    this.#host.setZoom(percent / 100).catch(() => undefined);
  }

  #show() {
    const system = this.#dark.matches ? 'dark' : 'light';
    const shown = this.theme === 'system' ? system : this.theme;
    this.dark = shown === 'dark';
    document.documentElement.dataset['theme'] = shown;
  }
}
