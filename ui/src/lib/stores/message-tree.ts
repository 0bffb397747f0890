import type { Message } from '../host';

/**
 * The messages of one conversation, found by id and by what they follow. Every question costs what
 * its answer is long, however many messages there are.
 */
export class MessageTree {
  #byId = new Map<string, Message>();
  /** Ids in the order they came; the key of what follows nothing is the empty text. */
  #children = new Map<string, string[]>();

  constructor(messages: readonly Message[] = []) {
    for (const message of messages) this.put(message);
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): IterableIterator<Message> {
    return this.#byId.values();
  }

  /** Adds or replaces, keeping the order. */
  put(message: Message) {
    const known = this.#byId.has(message.id);
    this.#byId.set(message.id, message);
    if (known) return;
    const parent = message.parentId ?? '';
    const beside = this.#children.get(parent);
    if (beside) beside.push(message.id);
    else this.#children.set(parent, [message.id]);
  }

  get(id: string): Message | null {
    return this.#byId.get(id) ?? null;
  }

  /** From the root to this message. */
  branch(headId: string | null): Message[] {
    const path: Message[] = [];
    const seen = new Set<string>();
    let at = headId === null ? null : this.get(headId);
    while (at && !seen.has(at.id)) {
      seen.add(at.id);
      path.push(at);
      at = at.parentId === null ? null : this.get(at.parentId);
    }
    return path.reverse();
  }

  /** All messages with the same parent and role, oldest first, this one among them. */
  siblings(message: Message): Message[] {
    const beside = this.#children.get(message.parentId ?? '') ?? [];
    return beside.flatMap((id) => {
      const other = this.get(id);
      return other?.role === message.role ? [other] : [];
    });
  }

  /** The newest leaf below a message: where its branch goes on. */
  newestLeaf(id: string): string {
    const seen = new Set<string>();
    let leaf = id;
    while (!seen.has(leaf)) {
      seen.add(leaf);
      const child = this.#children.get(leaf)?.at(-1);
      if (child === undefined) break;
      leaf = child;
    }
    return leaf;
  }
}
