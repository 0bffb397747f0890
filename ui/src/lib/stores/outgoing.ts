import type { ChatSetup, NewAttachment } from '../host';
import type { AttachmentsStore } from './attachments.svelte';
import type { SetupStore } from './setup.svelte';
import type { Thread } from './thread.svelte';

/** What goes with a message beside its text. */
export interface Extras {
  attachments: NewAttachment[];
  /** Only for a new conversation. */
  setup: ChatSetup | null;
}

/**
 * Hands the chat store what goes with a message, and takes it back when the message is refused.
 * Owns nothing itself.
 */
export class Outgoing {
  #attachments: AttachmentsStore;
  #setup: SetupStore;

  constructor(attachments: AttachmentsStore, setup: SetupStore) {
    this.#attachments = attachments;
    this.#setup = setup;
  }

  /** Whether a message can be its files alone. */
  hasFiles(thread: Thread): boolean {
    return this.#attachments.hasReady(thread);
  }

  /** `typed`: the text comes from the message field, so what is attached there goes with it. */
  take(thread: Thread, typed: boolean): Extras {
    return {
      attachments: typed ? this.#attachments.take(thread) : [],
      setup: thread.id === null ? this.#setup.forNew(thread) : null,
    };
  }

  giveBack(thread: Thread, { attachments }: Extras) {
    this.#attachments.giveBack(thread, attachments);
  }

  /** The text goes on in another conversation, and so do its files. */
  move(from: Thread, to: Thread) {
    this.#attachments.move(from, to);
  }
}
