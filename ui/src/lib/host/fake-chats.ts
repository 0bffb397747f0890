import type {
  ChatEvent,
  Conversation,
  ConversationSummary,
  EngineState,
  Message,
} from './bindings';

/** A conversation as the fake keeps it: the whole of it, and where it is in the list. */
export type Stored = Conversation & Omit<ConversationSummary, 'id' | 'title' | 'preview'>;

/** What the parts of the fake host share: the conversations in memory, and ways to change them. */
export interface FakeChats {
  conversations: Map<string, Stored>;
  deleted: Map<string, Stored>;
  state: EngineState;
  now: () => number;
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
