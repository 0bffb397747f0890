/**
 * Owns the choice between light and dark, which belongs to this window and lives in localStorage.
 * Does not own any colour: `app.css` has two sets and follows `data-theme` on the root element.
 */
export type Theme = 'system' | 'light' | 'dark';

export const themes: readonly Theme[] = ['system', 'light', 'dark'];

const key = 'paddock.theme';

export class AppearanceStore {
  theme = $state<Theme>('system');
  /** What is shown now, whoever chose it: for pictures, which cannot read the tokens. */
  dark = $state(false);

  #dark = window.matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    const saved = localStorage.getItem(key);
    this.theme = themes.find((theme) => theme === saved) ?? 'system';
    this.#dark.addEventListener('change', () => this.#show());
    this.#show();
  }

  choose(theme: Theme) {
    this.theme = theme;
    if (theme === 'system') localStorage.removeItem(key);
    else localStorage.setItem(key, theme);
    this.#show();
  }

  #show() {
    const system = this.#dark.matches ? 'dark' : 'light';
    const shown = this.theme === 'system' ? system : this.theme;
    this.dark = shown === 'dark';
    document.documentElement.dataset['theme'] = shown;
  }
}
