import { branch, siblings } from '../format/branches';
import type { ApiError, ChatSetup, Conversation, Message } from '../host';
import { MarkdownDocument } from '../markdown/document.svelte';

/**
 * Owns one conversation as it is on screen: its tree of messages, the branch that is shown, the
 * text being typed and the answer being written. Does not talk to the host (chat store).
 */
export class Thread {
  /** null until the first message has been stored. */
  id = $state<string | null>(null);
  messages = $state.raw<readonly Message[]>([]);
  headId = $state<string | null>(null);
  loaded = $state(false);
  draft = $state('');
  /** The draft as it is stored; null until that is known. Only the drafts store changes it. */
  storedDraft: string | null = null;
  /** How it is set up; null: as new conversations are (setup store). */
  setup = $state.raw<ChatSetup | null>(null);
  run = $state.raw<Run | null>(null);
  /** Why the last send or load of this conversation was refused. */
  error = $state.raw<ApiError | null>(null);
  /** Errors under answers that have been read. */
  dismissed = $state.raw<ReadonlySet<string>>(new Set());

  shown = $derived(branch(this.messages, this.headId));

  #documents = new Map<string, MarkdownDocument>();

  constructor(id: string | null) {
    this.id = id;
    this.loaded = id === null;
  }

  take(conversation: Conversation) {
    this.messages = conversation.messages;
    this.headId = conversation.headId;
    this.setup = conversation.setup;
    this.loaded = true;
    // Only once: after that, what is in the field is newer than what is stored.
    if (this.storedDraft !== null) return;
    this.storedDraft = conversation.draft;
    this.draft = [conversation.draft, this.draft].filter((text) => text !== '').join('\n\n');
  }

  /** Adds or replaces, keeping the order. */
  put(message: Message) {
    this.messages = this.messages.some((m) => m.id === message.id)
      ? this.messages.map((m) => (m.id === message.id ? message : m))
      : [...this.messages, message];
  }

  message(id: string): Message | null {
    return this.messages.find((m) => m.id === id) ?? null;
  }

  siblings(message: Message): Message[] {
    return siblings(this.messages, message);
  }

  /** The text of an answer, cut into blocks once. */
  documentFor(message: Message): MarkdownDocument {
    if (this.run?.answerId === message.id) return this.run.document;
    const known = this.#documents.get(message.id);
    if (known && known.length === message.content.length) return known;
    const document = MarkdownDocument.of(message.content);
    this.#documents.set(message.id, document);
    return document;
  }

  /** What was streamed is what was stored: nothing is parsed again. */
  keepDocument(message: Message, document: MarkdownDocument) {
    if (document.length === message.content.length) this.#documents.set(message.id, document);
  }

  dismissErrorOf(id: string) {
    this.dismissed = new Set([...this.dismissed, id]);
  }

  /** Left and quiet: the messages can be read again, only the draft cannot. */
  release() {
    if (this.run || this.id === null) return;
    this.messages = [];
    this.headId = null;
    this.loaded = false;
    this.error = null;
    this.#documents.clear();
  }
}

/** An answer on its way: from pressing Send to the last event. */
export class Run {
  /** The user's text until the host has stored it; null for a second answer to a stored message. */
  pending = $state<string | null>(null);
  answerId = $state<string | null>(null);
  stopAsked = $state(false);
  progress = $state.raw<{ processed: number; total: number; cached: number } | null>(null);
  predictedN = $state(0);
  readonly document = new MarkdownDocument();

  constructor(pending: string | null) {
    this.pending = pending;
  }

  get started(): boolean {
    return this.answerId !== null;
  }
}
