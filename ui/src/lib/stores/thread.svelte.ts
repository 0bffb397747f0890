import type { Deleted } from '../format/conversation-items';
import type { Progress } from '../format/waiting';
import type { ApiError, ChatSetup, Conversation, Message } from '../host';
import { MarkdownDocument } from '../markdown/document.svelte';
import { MessageTree } from './message-tree';
import { PromptPace } from './prompt-pace';

/**
 * Owns one conversation as it is on screen: its tree of messages, the branch that is shown, the
 * text being typed and the answer being written. Does not talk to the host (chat store).
 */
export class Thread {
  /** null until the first message has been stored. */
  id = $state<string | null>(null);
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

  /** The message the reader is led to; a new object each time, also for the same message. */
  target = $state.raw<{ readonly messageId: string } | null>(null);
  /** Messages that were deleted here and can come back, the latest last. */
  deleted = $state.raw<readonly Deleted[]>([]);

  #tree = new MessageTree();
  /** Counts changes of the tree, which is not reactive itself: copying it for each would be slow. */
  #changes = $state(0);

  shown = $derived.by(() => this.tree.branch(this.headId));

  #documents = new Map<string, MarkdownDocument>();

  constructor(id: string | null) {
    this.id = id;
    this.loaded = id === null;
  }

  take(conversation: Conversation) {
    this.#replace(new MessageTree(conversation.messages));
    this.headId = conversation.headId;
    this.setup = conversation.setup;
    this.loaded = true;
    // Only once: after that, what is in the field is newer than what is stored.
    if (this.storedDraft !== null) return;
    this.storedDraft = conversation.draft;
    this.draft = [conversation.draft, this.draft].filter((text) => text !== '').join('\n\n');
  }

  /** All messages, on every branch. */
  get tree(): MessageTree {
    void this.#changes;
    return this.#tree;
  }

  get messages(): readonly Message[] {
    return [...this.tree.all()];
  }

  put(message: Message) {
    this.#tree.put(message);
    this.#changes += 1;
  }

  message(id: string): Message | null {
    return this.tree.get(id);
  }

  siblings(message: Message): Message[] {
    return this.tree.siblings(message);
  }

  #replace(tree: MessageTree) {
    this.#tree = tree;
    this.#changes += 1;
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
    this.#replace(new MessageTree());
    this.target = null;
    this.deleted = [];
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
  /** What is answered before this one, while something is. */
  queue = $state.raw<{ position: number; behind: string | null } | null>(null);
  progress = $state.raw<Progress | null>(null);
  predictedN = $state(0);
  readonly document = new MarkdownDocument();
  /** The message whose place the pending text takes; null for one at the end. */
  replaces: string | null = null;
  /** The answer that is gone on with; null for one that begins. */
  readonly continues: string | null;

  #pace = new PromptPace();

  constructor(pending: string | null, continues: string | null = null) {
    this.pending = pending;
    this.continues = continues;
  }

  get started(): boolean {
    return this.answerId !== null;
  }

  /** The text goes on where it was: what is on screen already is not drawn again. */
  startWith(answer: Message) {
    this.answerId = answer.id;
    this.pending = null;
    if (answer.content === '') return;
    this.document.push(answer.content);
    this.document.publish();
  }

  noteProgress(at: { processed: number; total: number; cached: number }, nowMs: number) {
    this.queue = null;
    this.progress = { ...at, leftMs: this.#pace.note(at, nowMs) };
  }
}
