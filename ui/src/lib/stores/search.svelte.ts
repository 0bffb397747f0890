import { asApiError, type ApiError, type Host, type SearchHit } from '../host';

/** Long enough that a word is not asked letter by letter, short enough to feel immediate. */
const pauseMs = 80;
const mostHits = 60;

/**
 * Owns what is looked for in all conversations and what was found. Does not own where a hit leads.
 * Only the answer to the newest question counts, in whatever order they come.
 */
export class SearchStore {
  words = $state('');
  hits = $state.raw<readonly SearchHit[]>([]);
  /** `waiting` also while older hits are still shown. */
  status = $state<'idle' | 'waiting' | 'done' | 'failed'>('idle');
  problem = $state.raw<ApiError | null>(null);

  #host: Host;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  type(words: string) {
    this.words = words;
    clearTimeout(this.#timer);
    this.#turn += 1;
    if (words.trim() === '') {
      this.hits = [];
      this.status = 'idle';
      this.problem = null;
      return;
    }
    this.status = 'waiting';
    this.#timer = setTimeout(() => void this.ask(), pauseMs);
  }

  clear() {
    this.type('');
  }

  async ask() {
    clearTimeout(this.#timer);
    this.#turn += 1;
    const turn = this.#turn;
    const words = this.words.trim();
    this.status = 'waiting';
    try {
      const hits = await this.#host.search({ words, conversationId: null, limit: mostHits });
      if (turn !== this.#turn) return;
      this.hits = hits;
      this.problem = null;
      this.status = 'done';
    } catch (reason) {
      if (turn !== this.#turn) return;
      this.hits = [];
      this.problem = asApiError(reason);
      this.status = 'failed';
    }
  }
}
