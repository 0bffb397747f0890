/** Goes through what was sent before, as a shell does, as long as the recalled text is not changed. */
export class Recall {
  #at = 0;
  #text: string | null = null;

  /** The text before this one; null: the key means something else here. */
  up(draft: string, prompts: readonly string[]): string | null {
    const going = draft !== '' && draft === this.#text;
    if (!going && draft !== '') return null;
    return this.#show(prompts, (going ? this.#at : prompts.length) - 1);
  }

  /** The text after this one; empty after the last. */
  down(draft: string, prompts: readonly string[]): string | null {
    if (draft === '' || draft !== this.#text) return null;
    if (this.#at < prompts.length - 1) return this.#show(prompts, this.#at + 1);
    this.#text = null;
    return '';
  }

  #show(prompts: readonly string[], at: number): string | null {
    const text = prompts[at];
    if (text === undefined) return null;
    this.#at = at;
    this.#text = text;
    return text;
  }
}
