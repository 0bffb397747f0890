/**
 * Parts the text of an answer into what the model thought and what it then said. Reasoning models
 * write `<think>…</think>` before the answer; anywhere else the tags are ordinary text, so that an
 * answer about them can be read. Each character is looked at once.
 */
export class ThinkingSplitter {
  /** Whether the model is still thinking, as far as the text has come. */
  inside = false;

  #over = false;
  /** The beginning of what may become a tag. */
  #held = '';

  push(delta: string): Parts {
    const parts: Parts = { thought: '', said: '' };
    if (this.#over) {
      parts.said = delta;
      return parts;
    }
    this.#held += delta;
    while (this.#step(parts));
    return parts;
  }

  /** The text has ended: what was held back is what it looks like. */
  finish(): Parts {
    const rest = this.#held;
    this.#held = '';
    const parts = this.inside ? { thought: rest, said: '' } : { thought: '', said: rest };
    this.inside = false;
    return parts;
  }

  /** Whether there may be more to take out of what is held. */
  #step(parts: Parts): boolean {
    return this.inside ? this.#takeThought(parts) : this.#takeStart(parts);
  }

  #takeStart(parts: Parts): boolean {
    const opened = /^\s*<think(?:ing)?>\n?/i.exec(this.#held);
    if (opened) {
      if (parts.thought !== '' || this.#thoughtBefore) parts.thought += '\n\n';
      this.inside = true;
      this.#thoughtBefore = true;
      this.#held = this.#held.slice(opened[0].length);
      return true;
    }
    const begun = this.#held.trimStart().toLowerCase();
    if ('<think>'.startsWith(begun) || '<thinking>'.startsWith(begun)) return false;
    this.#over = true;
    parts.said += this.#thoughtBefore ? this.#held.trimStart() : this.#held;
    this.#held = '';
    return false;
  }
  #thoughtBefore = false;

  #takeThought(parts: Parts): boolean {
    const closed = /<\/think(?:ing)?>/i.exec(this.#held);
    if (closed) {
      parts.thought += this.#held.slice(0, closed.index);
      this.#held = this.#held.slice(closed.index + closed[0].length).trimStart();
      this.inside = false;
      return true;
    }
    const tag = this.#held.lastIndexOf('<');
    const tail = tag < 0 ? '' : this.#held.slice(tag);
    const mayClose = tail !== '' && '</thinking>'.startsWith(tail.toLowerCase().slice(0, 7));
    const keep = mayClose && tail.length <= '</thinking>'.length ? tail : '';
    parts.thought += this.#held.slice(0, this.#held.length - keep.length);
    this.#held = keep;
    return false;
  }
}

export interface Parts {
  thought: string;
  said: string;
}

/** The answer without what the model thought before it. */
export function withoutThinking(text: string): string {
  const splitter = new ThinkingSplitter();
  return splitter.push(text).said + splitter.finish().said;
}
