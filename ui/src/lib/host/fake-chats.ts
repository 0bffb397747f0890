import type {
  ChatEvent,
  ChatSetup,
  Conversation,
  ConversationSummary,
  EngineState,
  Message,
} from './bindings';
import { plainConversation, plainMessage, plainSummary } from './fake-samples';

/** A conversation as the fake keeps it: the whole of it, and where it is in the list. */
export type Stored = Conversation & Omit<ConversationSummary, 'id' | 'title' | 'preview'>;

/** What the parts of the fake host share: the conversations in memory, and ways to change them. */
export interface FakeChats {
  conversations: Map<string, Stored>;
  deleted: Map<string, Stored>;
  state: EngineState;
  now: () => number;
  /** How new conversations are set up. */
  setupOfNew: () => ChatSetup;
  /** Tokens that are kept free for an answer. */
  replyReserve: () => number;
  newId(prefix: string): string;
  /** Rejects with `notFound`. */
  find(id: string): Stored;
  message(
    conversationId: string,
    parentId: string | null,
    role: Message['role'],
    content: string,
  ): Message;
  /** Writes an answer to `user` and tells of it. */
  answer(conversation: Stored, user: Message, onEvent: (e: ChatEvent) => void): Promise<void>;
  /** Goes on with an answer and tells of it. */
  goOn(conversation: Stored, answer: Message, onEvent: (e: ChatEvent) => void): Promise<void>;
  summary(conversation: Stored): ConversationSummary;
  /** Tells the listeners of the list. */
  listChanged(): void;
}

export function newConversation(id: string, content: string, now: number): Stored {
  const title = content.length > 48 ? `${content.slice(0, 47).trimEnd()}…` : content;
  return {
    id,
    title,
    headId: null,
    messages: [],
    createdAtMs: now,
    updatedAtMs: now,
    ...structuredClone(plainConversation),
    ...plainSummary,
  };
}

type Begun = 'id' | 'conversationId' | 'parentId' | 'role' | 'content' | 'createdAtMs';

export function newMessage(begun: Pick<Message, Begun>): Message {
  return {
    ...begun,
    finishReason: null,
    timings: null,
    error: null,
    modelName: null,
    ...plainMessage,
  };
}

export function summary(c: Stored): ConversationSummary {
  const preview = (c.messages.at(-1)?.content ?? '').slice(0, 80);
  return {
    id: c.id,
    title: c.title,
    createdAtMs: c.createdAtMs,
    updatedAtMs: c.updatedAtMs,
    preview,
    titleIsAuto: c.titleIsAuto,
    pinned: c.pinned,
    archived: c.archived,
    folderId: c.folderId,
  };
}
