import { plainConversation, plainMessage } from '../lib/host/fake-samples';
import type { Conversation } from '../lib/host';

/** A conversation of one message, as old as its time says. */
export function conversation(
  id: string,
  title: string,
  atMs: number,
  text = 'hello',
): Conversation {
  return {
    id,
    title,
    headId: `${id}-u`,
    ...structuredClone(plainConversation),
    messages: [
      {
        ...plainMessage,
        id: `${id}-u`,
        conversationId: id,
        parentId: null,
        role: 'user',
        content: text,
        createdAtMs: atMs,
        finishReason: null,
        timings: null,
        error: null,
        modelName: null,
      },
    ],
  };
}

/** So many of them, a minute apart, the first the newest. */
export function manyConversations(count: number, nowMs: number): Conversation[] {
  return Array.from({ length: count }, (_, i) =>
    conversation(`n${i}`, `Number ${i}`, nowMs - i * 60_000),
  );
}
