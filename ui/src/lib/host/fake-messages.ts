import type { ChatEvent, Message } from './bindings';
import type { FakeChats, Stored } from './fake-chats';
import { plainSummary } from './fake-samples';
import { fakeError } from './fake-script';
import type { Host } from './host';

/** What is done to single messages, in memory. */
export type FakeMessagesHost = Pick<
  Host,
  | 'chatContinue'
  | 'forkConversation'
  | 'showBranch'
  | 'editAnswer'
  | 'deleteMessage'
  | 'restoreMessage'
  | 'attachmentText'
  | 'openLink'
>;

export function fakeMessages(chats: FakeChats): FakeMessagesHost {
  /** What was deleted together, by the message that was meant, and the branch shown before. */
  const deleted = new Map<string, { gone: Message[]; headId: string | null }>();

  const holding = (messageId: string): [Stored, Message] => {
    for (const conversation of chats.conversations.values()) {
      const message = conversation.messages.find((m) => m.id === messageId);
      if (message) return [conversation, message];
    }
    throw fakeError('notFound');
  };
  const copy = (conversation: Stored) => structuredClone(conversation);

  return {
    async chatContinue(answerId: string, onEvent: (e: ChatEvent) => void) {
      const [conversation, answer] = holding(answerId);
      await chats.goOn(conversation, answer, onEvent);
    },

    async forkConversation(messageId) {
      const [from] = holding(messageId);
      const id = chats.newId('c');
      const messages = branchTo(from, messageId).map((m) => ({ ...m, conversationId: id }));
      const renamed = new Map(messages.map((m) => [m.id, chats.newId('m')]));
      for (const message of messages) {
        message.id = renamed.get(message.id) ?? message.id;
        if (message.parentId !== null) message.parentId = renamed.get(message.parentId) ?? null;
      }
      const headId = messages.at(-1)?.id ?? null;
      const now = chats.now();
      chats.conversations.set(id, {
        ...structuredClone({ ...from, ...plainSummary, messages }),
        id,
        headId,
        createdAtMs: now,
        updatedAtMs: now,
      });
      chats.listChanged();
      return chats.summary(chats.find(id));
    },

    async showBranch(conversationId, messageId) {
      chats.find(conversationId).headId = messageId;
    },

    async editAnswer(messageId, content) {
      const [conversation, answer] = holding(messageId);
      const edited = {
        ...chats.message(conversation.id, answer.parentId, 'assistant', content),
        finishReason: answer.finishReason ?? 'stop',
        modelName: answer.modelName,
        edited: true,
      };
      conversation.messages.push(edited);
      conversation.headId = edited.id;
      return copy(conversation);
    },

    async deleteMessage(messageId) {
      const [conversation, message] = holding(messageId);
      const gone = withDescendants(conversation, message);
      deleted.set(messageId, { gone, headId: conversation.headId });
      conversation.messages = conversation.messages.filter((m) => !gone.includes(m));
      if (gone.some((m) => m.id === conversation.headId)) {
        const beside = conversation.messages.filter(
          (m) => m.parentId === message.parentId && m.role === message.role,
        );
        conversation.headId = leafBelow(conversation, beside.at(-1)?.id ?? message.parentId);
      }
      return copy(conversation);
    },

    async restoreMessage(messageId) {
      const back = deleted.get(messageId);
      const first = back?.gone[0];
      if (!back || !first) throw fakeError('notFound');
      deleted.delete(messageId);
      const conversation = chats.find(first.conversationId);
      conversation.messages = [...conversation.messages, ...back.gone].sort(byAge);
      conversation.headId = back.headId;
      return copy(conversation);
    },

    async attachmentText(id) {
      return `The text of attachment ${id}.\n\nIts second paragraph.`;
    },

    async openLink(url) {
      if (!/^https?:\/\//i.test(url)) throw fakeError('badInput');
    },
  };
}

/** Ids are given in order, also within one millisecond. */
function byAge(a: Message, b: Message): number {
  return a.createdAtMs - b.createdAtMs || a.id.localeCompare(b.id, 'en', { numeric: true });
}

function branchTo(conversation: Stored, messageId: string): Message[] {
  const path: Message[] = [];
  let at = conversation.messages.find((m) => m.id === messageId);
  while (at) {
    path.unshift(structuredClone(at));
    const { parentId } = at;
    at = conversation.messages.find((m) => m.id === parentId);
  }
  return path;
}

function withDescendants(conversation: Stored, message: Message): Message[] {
  const ids = new Set([message.id]);
  for (const m of conversation.messages) if (m.parentId && ids.has(m.parentId)) ids.add(m.id);
  return conversation.messages.filter((m) => ids.has(m.id));
}

function leafBelow(conversation: Stored, id: string | null): string | null {
  let leaf = id;
  for (;;) {
    const child = conversation.messages.findLast((m) => leaf !== null && m.parentId === leaf);
    if (!child) return leaf;
    leaf = child.id;
  }
}
