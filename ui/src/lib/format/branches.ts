import type { Message } from '../host/bindings';

/** A conversation is a tree; the window shows one branch of it, walked up from its last message. */

export function branch(messages: readonly Message[], headId: string | null): Message[] {
  const byId = new Map(messages.map((m) => [m.id, m]));
  const path: Message[] = [];
  const seen = new Set<string>();
  let at = headId === null ? undefined : byId.get(headId);
  while (at && !seen.has(at.id)) {
    seen.add(at.id);
    path.unshift(at);
    at = at.parentId === null ? undefined : byId.get(at.parentId);
  }
  return path;
}

/** All messages with the same parent and role, oldest first, this one among them. */
export function siblings(messages: readonly Message[], message: Message): Message[] {
  return messages.filter((m) => m.parentId === message.parentId && m.role === message.role);
}

/** The newest leaf below a message: where its branch goes on. */
export function newestLeaf(messages: readonly Message[], id: string): string {
  let leaf = id;
  for (;;) {
    const child = messages.findLast((m) => m.parentId === leaf);
    if (!child) return leaf;
    leaf = child.id;
  }
}
