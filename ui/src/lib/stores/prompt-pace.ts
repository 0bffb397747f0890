/**
 * How long a prompt will still take. What was reused from before took no time and says nothing;
 * pieces differ, so the pace is smoothed; one event alone is no pace.
 */
export class PromptPace {
  #last: { processed: number; atMs: number } | null = null;
  #tokensPerMs: number | null = null;

  /** Milliseconds left after this event, or null where they cannot be known yet. */
  note({ processed, total }: { processed: number; total: number }, nowMs: number): number | null {
    const last = this.#last;
    if (last && processed < last.processed) this.#tokensPerMs = null;
    else if (last) this.#learn(processed - last.processed, nowMs - last.atMs);
    this.#last = { processed, atMs: nowMs };
    const left = total - processed;
    return this.#tokensPerMs === null || left <= 0 ? null : left / this.#tokensPerMs;
  }

  #learn(tokens: number, ms: number) {
    if (tokens <= 0 || ms <= 0) return;
    const pace = tokens / ms;
    this.#tokensPerMs = this.#tokensPerMs === null ? pace : this.#tokensPerMs * 0.6 + pace * 0.4;
  }
}
