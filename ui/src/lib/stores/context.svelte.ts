import { fill, type Count, type Fill } from '../format/context';
import type { ContextUse, Host } from '../host';
import type { AttachmentsStore } from './attachments.svelte';
import type { ChatStore } from './chat.svelte';
import type { EngineStore } from './engine.svelte';
import type { SetupStore } from './setup.svelte';
import type { Thread } from './thread.svelte';

const pauseMs = 250;
const nothing: Count = { count: 0, exact: true };

interface Parts {
  chat: ChatStore;
  engine: EngineStore;
  attachments: AttachmentsStore;
  setup: SetupStore;
}

/**
 * Owns how full the context of the open conversation is, with what is being typed, and whether the
 * next message fits. The numbers come from the host; here they are only added up. Does not own
 * what happens when it is full (setup store).
 */
export class ContextStore {
  /** What fills the context; null while no model is loaded or nothing is known. */
  fill = $derived.by<Fill | null>(() => this.#filled());
  /** Tokens of the text in the message field; null while they are not counted yet. */
  draft = $derived.by<Count | null>(() => this.#draftOf(this.#chat.current));

  #use = $state.raw<{ thread: Thread; use: ContextUse } | null>(null);
  #counted = $state.raw<{ thread: Thread; draft: Count; system: Count | null } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  #countAsked = 0;

  #host: Host;
  #chat: ChatStore;
  #engine: EngineStore;
  #attachments: AttachmentsStore;
  #setup: SetupStore;

  constructor(host: Host, { chat, engine, attachments, setup }: Parts) {
    this.#host = host;
    this.#chat = chat;
    this.#engine = engine;
    this.#attachments = attachments;
    this.#setup = setup;
  }

  /**
   * Asks again when another conversation, branch or model is there, and after an answer. To be
   * called in an effect, which runs again when that happens.
   */
  follow() {
    const thread = this.#chat.current;
    const { model } = this.#engine;
    // Read for the effect: what the answer depends on beside the ids.
    void [model?.path, model?.nCtx, this.#setup.stored, this.#setup.settings, thread.run === null];
    void this.#ask(thread, thread.id, thread.headId);
  }

  /** Counts what is typed when there is a pause. To be called in an effect, too. */
  followDraft() {
    const thread = this.#chat.current;
    const { draft } = thread;
    const system = thread.id === null ? this.#setup.of(thread).system : '';
    void this.#engine.model?.path;
    clearTimeout(this.#timer);
    if (draft === '' && system === '') {
      this.#countAsked += 1;
      this.#counted = { thread, draft: nothing, system: thread.id === null ? nothing : null };
      return;
    }
    this.#timer = setTimeout(() => void this.#count(thread, draft, system), pauseMs);
  }

  async #ask(thread: Thread, id: string | null, headId: string | null) {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const use = await this.#host.contextUse(id, headId);
      if (asked === this.#asked) this.#use = { thread, use };
    } catch {
      // A gauge that knows nothing is not there; whoever sends is told by the host.
      if (asked === this.#asked) this.#use = null;
    }
  }

  async #count(thread: Thread, draft: string, system: string) {
    this.#countAsked += 1;
    const asked = this.#countAsked;
    try {
      const { counts, exact } = await this.#host.countTokens([draft, system]);
      if (asked !== this.#countAsked) return;
      const count = (i: number): Count => ({ count: counts[i] ?? 0, exact });
      this.#counted = { thread, draft: count(0), system: thread.id === null ? count(1) : null };
    } catch {
      if (asked === this.#countAsked) this.#counted = null;
    }
  }

  #draftOf(thread: Thread): Count | null {
    if (thread.draft === '') return nothing;
    return this.#counted?.thread === thread ? this.#counted.draft : null;
  }

  #filled(): Fill | null {
    const thread = this.#chat.current;
    if (!this.#engine.model || this.#use?.thread !== thread) return null;
    return fill(this.#use.use, {
      draft: this.#draftOf(thread) ?? nothing,
      attachments: this.#attachments.tokensOf(thread),
      system: this.#counted?.thread === thread && thread.id === null ? this.#counted.system : null,
    });
  }
}
