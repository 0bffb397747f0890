import { matching, templateQuery } from '../../lib/format/templates';
import type { PromptTemplate } from '../../lib/host';

interface Sources {
  draft: () => string;
  list: () => readonly PromptTemplate[];
  /** Whether the menu ends with a way to where templates are made. */
  canManage: () => boolean;
}

/** Which templates are offered for what is typed, and which of them the arrow keys are at. */
export class TemplateChoice {
  #sources: Sources;
  /** The text at which the menu was put away; it comes back with the next slash. */
  #closed = $state(false);
  #moved = $state.raw<{ query: string | null; at: number }>({ query: null, at: 0 });

  #query = $derived.by(() => (this.#closed ? null : templateQuery(this.#sources.draft())));
  found = $derived.by(() =>
    this.#query === null ? [] : matching(this.#sources.list(), this.#query),
  );
  open = $derived.by(() => this.#query !== null && (this.found.length > 0 || this.#query === ''));
  /** Another query begins at its first template. */
  at = $derived.by(() => (this.#moved.query === this.#query ? this.#moved.at : 0));

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  close() {
    this.#closed = true;
  }

  /** To be called when the text has changed. */
  noteDraft() {
    if (!this.#sources.draft().startsWith('/')) this.#closed = false;
  }

  /** What the key means here: a template, the way to manage them, something done, or nothing. */
  key({ key, shiftKey }: KeyboardEvent): PromptTemplate | 'manage' | 'done' | null {
    if (!this.open) return null;
    if (key === 'Escape') {
      this.close();
      return 'done';
    }
    const count = this.found.length + (this.#sources.canManage() ? 1 : 0);
    if (count === 0 || shiftKey) return null;
    if (key === 'Enter' || key === 'Tab') return this.found[this.at] ?? 'manage';
    if (key !== 'ArrowDown' && key !== 'ArrowUp') return null;
    const step = key === 'ArrowDown' ? 1 : count - 1;
    this.#moved = { query: this.#query, at: (this.at + step) % count };
    return 'done';
  }
}
