import type { Message } from '../host/bindings';

/**
 * What stands in a conversation from top to bottom: its messages, and the quiet lines between them.
 * Cut into groups, of which only those near the window are drawn. Looks at each message once and
 * never at its text.
 */
export type Item =
  | { readonly kind: 'message'; readonly key: string; readonly message: Message }
  | { readonly kind: 'cutBefore'; readonly key: string; readonly count: number }
  | { readonly kind: 'cutAfter'; readonly key: string }
  | { readonly kind: 'deleted'; readonly key: string; readonly after: number };

export interface Group {
  readonly key: string;
  readonly items: readonly Item[];
}

/** A message that was deleted, and how many of the shown branch went with it. */
export interface Deleted {
  readonly message: Message;
  readonly after: number;
}

/** Groups that are far away together: hundreds of empty places would each have their price. */
export interface Section {
  readonly key: string;
  readonly groups: readonly Group[];
}

/** A question and its answer: what comes into view in one frame must be drawn within it. */
const groupSize = 2;
const sectionSize = 40;

export function sectionsOf(groups: readonly Group[]): Section[] {
  const sections: Section[] = [];
  for (let at = 0; at < groups.length; at += sectionSize) {
    const part = groups.slice(at, at + sectionSize);
    sections.push({ key: part[0]?.key ?? '', groups: part });
  }
  return sections;
}

export function groupItems(shown: readonly Message[], deleted: Deleted | null): Group[] {
  const cut = shown.findLast((m) => m.cut !== null)?.cut ?? null;
  const groups: Group[] = [];
  let items: Item[] = [];
  const close = () => {
    const first = items[0];
    if (first) groups.push({ key: first.key, items });
    items = [];
  };
  if (deleted?.message.parentId === null) items.push(deletedItem(deleted));
  shown.forEach((message, index) => {
    if (cut && cut.count > 0 && index === cut.from)
      items.push({ kind: 'cutBefore', key: 'cutBefore', count: cut.count });
    if (cut && cut.count > 0 && index === cut.from + cut.count)
      items.push({ kind: 'cutAfter', key: 'cutAfter' });
    if (message.role !== 'system') items.push({ kind: 'message', key: message.id, message });
    if (deleted?.message.parentId === message.id) items.push(deletedItem(deleted));
    if ((index + 1) % groupSize === 0) close();
  });
  close();
  return groups;
}

function deletedItem({ message, after }: Deleted): Item {
  return { kind: 'deleted', key: `deleted-${message.id}`, after };
}

const gap = 24;

/** About how high a section is, in px, before it was ever drawn. */
export function sectionHeight({ groups }: Section): number {
  return groups.reduce((sum, group) => sum + groupHeight(group) + gap, -gap);
}

export function groupHeight({ items }: Group): number {
  return items.reduce((sum, item) => {
    if (item.kind !== 'message') return sum + 48;
    const lines = Math.max(1, Math.ceil(item.message.content.length / 80));
    return sum + 110 + 24 * lines;
  }, 0);
}
