import {
  asApiError,
  type ApiError,
  type Attachment,
  type Conversation,
  type Host,
  type Message,
  type NewAttachment,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import type { ChatStore } from './chat.svelte';
import type { ConversationsStore } from './conversations.svelte';
import type { Thread } from './thread.svelte';

/**
 * Owns what is done to single messages of the open conversation: which one is being edited, which
 * are shown as source, which attachment is read; editing, deleting and copying into a new
 * conversation. Does not own the messages (thread) nor answers on their way (chat store).
 */
export class MessagesStore {
  /** The text is here, not in the field: the field may be far out of view and gone. */
  editing = $state<{ id: string; text: string } | null>(null);
  reading = $state.raw<Reading | null>(null);

  #sources = $state.raw<ReadonlySet<string>>(new Set());
  #host: Host;
  #chat: ChatStore;
  #conversations: ConversationsStore;
  #announcer: Announcer;

  constructor(
    host: Host,
    { chat, conversations }: { chat: ChatStore; conversations: ConversationsStore },
    announcer: Announcer,
  ) {
    this.#host = host;
    this.#chat = chat;
    this.#conversations = conversations;
    this.#announcer = announcer;
  }

  edit(message: Message) {
    if (this.#chat.current.run) return;
    this.editing = { id: message.id, text: message.content };
  }

  stopEditing() {
    this.editing = null;
  }

  /** A changed question is sent; a changed answer is only stored. Both stand beside the first. */
  async save(message: Message) {
    const text = this.editing?.text.trim() ?? '';
    if (text === '' || this.editing?.id !== message.id) return;
    if (message.role === 'user') await this.#send(message, text);
    else
      await this.#change(
        () => this.#host.editAnswer(message.id, text),
        () => this.stopEditing(),
      );
  }

  async #send(message: Message, text: string) {
    const thread = this.#chat.current;
    let kept: NewAttachment[];
    try {
      kept = await Promise.all(message.attachments.map((a) => this.#kept(a)));
    } catch (reason) {
      thread.error = asApiError(reason);
      return;
    }
    this.stopEditing();
    const sent = await this.#chat.sendInstead(message.id, text, kept);
    // Refused: what was typed is there again.
    if (!sent && this.editing === null) this.editing = { id: message.id, text };
  }

  async #kept({ id, name, kind, sizeBytes, nTokens }: Attachment): Promise<NewAttachment> {
    return { name, kind, sizeBytes, nTokens, text: await this.#host.attachmentText(id) };
  }

  /** With what follows it. */
  async remove(message: Message) {
    const thread = this.#chat.current;
    const at = thread.shown.findIndex((m) => m.id === message.id);
    const after = at < 0 ? 0 : thread.shown.length - at - 1;
    await this.#change(
      () => this.#host.deleteMessage(message.id),
      () => {
        thread.deleted = [...thread.deleted, { message, after }];
        this.#announcer.say(deletedText(after));
      },
    );
  }

  /** Brings back what was deleted last. */
  async undo() {
    const thread = this.#chat.current;
    const last = thread.deleted.at(-1);
    if (!last) return;
    await this.#change(
      () => this.#host.restoreMessage(last.message.id),
      () => {
        thread.deleted = thread.deleted.filter((d) => d !== last);
        thread.target = { messageId: last.message.id };
        this.#announcer.say(t('conversation.restored'));
      },
    );
  }

  /** A conversation of its own that goes as far as this message. */
  async fork(message: Message) {
    const thread = this.#chat.current;
    try {
      const summary = await this.#host.forkConversation(message.id);
      this.#conversations.touch(summary);
      await this.#chat.open(summary.id);
      this.#announcer.say(t('conversation.forked'));
    } catch (reason) {
      thread.error = asApiError(reason);
    }
  }

  isSource(id: string): boolean {
    return this.#sources.has(id);
  }

  toggleSource(id: string) {
    const next = new Set(this.#sources);
    if (!next.delete(id)) next.add(id);
    this.#sources = next;
  }

  /** Opens the text of an attachment, or closes it. */
  async read(attachment: Attachment) {
    if (this.reading?.attachment.id === attachment.id) {
      this.reading = null;
      return;
    }
    const isOpen = () => this.reading?.attachment.id === attachment.id;
    this.reading = { attachment, text: null, error: null };
    try {
      const text = await this.#host.attachmentText(attachment.id);
      if (isOpen()) this.reading = { attachment, text, error: null };
    } catch (reason) {
      if (isOpen()) this.reading = { attachment, text: null, error: asApiError(reason) };
    }
  }

  async #change(ask: () => Promise<Conversation>, done: () => void) {
    const thread: Thread = this.#chat.current;
    if (thread.run) return;
    try {
      thread.take(await ask());
      thread.error = null;
      done();
    } catch (reason) {
      thread.error = asApiError(reason);
    }
  }
}

/** An attachment that is open; neither text nor error: still being fetched. */
export interface Reading {
  readonly attachment: Attachment;
  readonly text: string | null;
  readonly error: ApiError | null;
}

export function deletedText(after: number): string {
  return after === 0 ? t('conversation.deleted') : t('conversation.deletedMore', { count: after });
}
