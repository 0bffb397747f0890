import { asApiError, type ApiError, type Host, type SearchHit } from '../host';
import type { ChatStore } from './chat.svelte';

/** The most messages that are walked through. */
const most = 500;

/**
 * Owns the search within the open conversation: the words, which messages have them, and which of
 * these is shown. Does not own how they are lit up (components/chat).
 */
export class FindStore {
  open = $state(false);
  words = $state('');
  hits = $state.raw<readonly SearchHit[]>([]);
  /** Which hit is shown, from 0. */
  at = $state(0);
  looking = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** Counts openings: the field takes the keyboard each time. */
  asked = $state(0);

  #host: Host;
  #chat: ChatStore;
  #turn = 0;

  constructor(host: Host, chat: ChatStore) {
    this.#host = host;
    this.#chat = chat;
  }

  show() {
    this.open = true;
    this.asked += 1;
  }

  close() {
    this.open = false;
    this.words = '';
    this.#forget();
  }

  /** Looks for these words; what an older question brings is not wanted any more. */
  async look(words: string) {
    this.words = words;
    this.#forget();
    const { id } = this.#chat.current;
    const turn = this.#turn;
    if (words.trim() === '' || id === null) return;
    this.looking = true;
    try {
      const hits = await this.#host.search({ words, conversationId: id, limit: most });
      if (turn !== this.#turn) return;
      this.hits = hits.filter((hit) => hit.messageId !== null);
      await this.#go(0);
    } catch (reason) {
      if (turn === this.#turn) this.error = asApiError(reason);
    } finally {
      if (turn === this.#turn) this.looking = false;
    }
  }

  /** To the next hit or the one before; around at the ends. */
  async step(by: 1 | -1) {
    const { length } = this.hits;
    if (length > 0) await this.#go((this.at + by + length) % length);
  }

  async #go(at: number) {
    const hit = this.hits[at];
    if (!hit) return;
    this.at = at;
    await this.#chat.reveal(hit.conversationId, hit.messageId);
  }

  #forget() {
    this.#turn += 1;
    this.hits = [];
    this.at = 0;
    this.looking = false;
    this.error = null;
  }
}
