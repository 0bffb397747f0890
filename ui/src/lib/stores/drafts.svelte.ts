import { asApiError, type ApiError, type Host } from '../host';
import type { Thread } from './thread.svelte';

const pauseMs = 400;

/**
 * Owns that what is typed is stored: soon after the last key, and at once when the conversation or
 * the page is left. Does not own the text (thread). A message on its way keeps its draft on the
 * disk until the host has stored the message, so that there is always one copy of the words. Knows
 * what was sent last, for a field in which nothing was ever sent.
 */
export class DraftsStore {
  /** Why what is typed is not on the disk. */
  problem = $state.raw<ApiError | null>(null);

  /** What was sent last, wherever that was; gone when Paddock is closed. */
  #sent = $state.raw<{ thread: Thread; text: string } | null>(null);

  #host: Host;
  #timers = new Map<Thread, ReturnType<typeof setTimeout>>();
  /** Whose text is stored as that of the chat that does not exist yet. */
  #blank: Thread | null = null;
  #blankRead = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** What was typed and not sent in a new chat when Paddock was last open. */
  async readBlank(thread: Thread) {
    if (this.#blankRead || thread.id !== null) return;
    this.#blankRead = true;
    try {
      const stored = await this.#host.draft(null);
      thread.storedDraft = stored;
      this.#blank = thread;
      thread.draft = [stored, thread.draft].filter((text) => text !== '').join('\n\n');
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  noteSent(thread: Thread, text: string) {
    this.#sent = { thread, text };
  }

  /** `isThere` says whether a conversation is: what was deleted does not come back like this. */
  lastSent(isThere: (id: string) => boolean): string | null {
    const id = this.#sent?.thread.id ?? null;
    return this.#sent !== null && id !== null && isThere(id) ? this.#sent.text : null;
  }

  /** The text may have changed: it is stored when there is a pause. */
  note(thread: Thread) {
    this.#forget(thread);
    if (this.#isStored(thread)) return;
    const timer = setTimeout(() => void this.flush(thread), pauseMs);
    this.#timers.set(thread, timer);
  }

  /** Stores now what is not stored yet. */
  async flush(thread: Thread) {
    this.#forget(thread);
    if (this.#isStored(thread)) return;
    // The message may come back, and the first one of a chat has no conversation to be kept in yet.
    if (thread.run && !thread.run.started) return this.note(thread);
    const before = thread.storedDraft;
    const blank = this.#blank;
    thread.storedDraft = thread.draft;
    try {
      await this.#store(thread);
      this.problem = null;
    } catch (reason) {
      const error = asApiError(reason);
      // A deleted conversation needs no draft.
      if (error.code === 'notFound') return;
      thread.storedDraft = before;
      this.#blank = blank;
      this.problem = error;
    }
  }

  async flushAll() {
    await Promise.all([...this.#timers.keys()].map((thread) => this.flush(thread)));
  }

  async #store(thread: Thread) {
    const { id, draft } = thread;
    const moved = id !== null && this.#blank === thread;
    if (id === null) this.#blank = thread;
    else if (moved) this.#blank = null;
    // The new chat has become a conversation; the next new chat begins empty.
    if (moved) await this.#host.saveDraft(null, '');
    await this.#host.saveDraft(id, draft);
  }

  #isStored(thread: Thread): boolean {
    const inPlace = thread.id === null || this.#blank !== thread;
    return inPlace && thread.draft === (thread.storedDraft ?? '');
  }

  #forget(thread: Thread) {
    clearTimeout(this.#timers.get(thread));
    this.#timers.delete(thread);
  }
}
