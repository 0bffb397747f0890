import { createContext } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';

/**
 * Which settings are shown while somebody looks for one. Each row tells its words when it is made,
 * so that a section knows whether anything in it is left.
 */
export class SettingsFilter {
  words = $state('');
  #rows = new SvelteMap<symbol, { section: string; text: string }>();

  /** Returns how to take it back. */
  add(section: string, text: string): () => void {
    const key = Symbol(section);
    this.#rows.set(key, { section, text: folded(text) });
    return () => this.#rows.delete(key);
  }

  matches(text: string): boolean {
    const there = folded(text);
    return folded(this.words)
      .split(/\s+/)
      .every((word) => there.includes(word));
  }

  /** Whether a section has a row that is shown. */
  shows(section: string): boolean {
    if (this.words.trim() === '') return true;
    return [...this.#rows.values()].some(
      (row) => row.section === section && this.matches(row.text),
    );
  }

  get nothing(): boolean {
    if (this.words.trim() === '') return false;
    return ![...this.#rows.values()].some((row) => this.matches(row.text));
  }
}

/** Neither capitals nor accents matter when looking for something. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

const [useFilter, provideFilter] = createContext<SettingsFilter>();
const [useSection, provideSection] = createContext<{ id: string; title: string }>();
export { provideFilter, provideSection, useFilter, useSection };
