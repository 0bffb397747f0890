import type { ConversationSummary, Folder } from '../host/bindings';
import { groupByDay, type DayGroup } from './days';

/** How the sidebar orders and groups conversations. */
export const sortings = ['updated', 'created', 'title'] as const;
export type Sorting = (typeof sortings)[number];

export type SectionKind = 'pinned' | 'folder' | DayGroup | 'all' | 'archived';

/** A heading of the sidebar and what is under it. */
export interface Section {
  /** Unique among the sections; a folder's id is part of it. */
  key: string;
  kind: SectionKind;
  folder: Folder | null;
  /** How many there are, also while none of them is shown. */
  count: number;
  /** Whether the heading opens and closes it. */
  collapsible: boolean;
  open: boolean;
  /** Those that are shown: none while it is closed. */
  items: readonly ConversationSummary[];
}

export interface SectionChoices {
  sorting: Sorting;
  nowMs: number;
  /** Keys of folders that are closed. */
  closed: ReadonlySet<string>;
  archivedOpen: boolean;
}

/** What is pinned, then the folders, then the rest by day or by title, then what is archived. */
export function sections(
  list: readonly ConversationSummary[],
  folders: readonly Folder[],
  choices: SectionChoices,
): Section[] {
  const sorted = sort(list, choices.sorting);
  const known = new Set(folders.map((folder) => folder.id));
  const pinned: ConversationSummary[] = [];
  const archived: ConversationSummary[] = [];
  const loose: ConversationSummary[] = [];
  const filed = new Map<string, ConversationSummary[]>();
  for (const c of sorted) {
    if (c.archived) archived.push(c);
    else if (c.pinned) pinned.push(c);
    else if (c.folderId !== null && known.has(c.folderId)) {
      const there = filed.get(c.folderId);
      if (there) there.push(c);
      else filed.set(c.folderId, [c]);
    } else loose.push(c);
  }
  return [
    ...(pinned.length > 0 ? [plain('pinned', pinned)] : []),
    ...folders.map((folder) => {
      const key = folderKey(folder.id);
      return collapsible(
        'folder',
        key,
        folder,
        filed.get(folder.id) ?? [],
        !choices.closed.has(key),
      );
    }),
    ...ungrouped(loose, choices),
    ...(archived.length > 0
      ? [collapsible('archived', 'archived', null, archived, choices.archivedOpen)]
      : []),
  ];
}

export function folderKey(id: string): string {
  return `folder-${id}`;
}

function ungrouped(loose: ConversationSummary[], { sorting, nowMs }: SectionChoices): Section[] {
  if (loose.length === 0) return [];
  if (sorting === 'title') return [plain('all', loose)];
  const at = (c: ConversationSummary) => (sorting === 'created' ? c.createdAtMs : c.updatedAtMs);
  return groupByDay(loose, nowMs, at).map(({ group, items }) => plain(group, items));
}

function plain(kind: SectionKind, items: ConversationSummary[]): Section {
  const count = items.length;
  return { key: kind, kind, folder: null, count, collapsible: false, open: true, items };
}

function collapsible(
  kind: SectionKind,
  key: string,
  folder: Folder | null,
  items: ConversationSummary[],
  open: boolean,
): Section {
  const count = items.length;
  return { key, kind, folder, count, collapsible: true, open, items: open ? items : [] };
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function sort(list: readonly ConversationSummary[], sorting: Sorting): ConversationSummary[] {
  const newest = (a: ConversationSummary, b: ConversationSummary) => b.updatedAtMs - a.updatedAtMs;
  switch (sorting) {
    case 'updated':
      return [...list].sort(newest);
    case 'created':
      return [...list].sort((a, b) => b.createdAtMs - a.createdAtMs);
    case 'title':
      return [...list].sort((a, b) => collator.compare(a.title, b.title) || newest(a, b));
  }
}

/** Where a section lies in a list whose rows all have the same height. */
export interface Placed {
  section: Section;
  /** From the top of the list to its heading. */
  top: number;
  /** The first row that is drawn, and the first after it that is not. */
  from: number;
  to: number;
}

/** Which rows are near the view. Headings are few and always drawn. */
export function place(
  all: readonly Section[],
  view: { top: number; height: number; row: number; around: number },
): { placed: Placed[]; height: number } {
  const first = view.top - view.around;
  const last = view.top + view.height + view.around;
  let top = 0;
  const placed = all.map((section) => {
    const rows = top + view.row;
    const within = (edge: number, round: (n: number) => number) =>
      Math.min(section.items.length, Math.max(0, round((edge - rows) / view.row)));
    const at = { section, top, from: within(first, Math.floor), to: within(last, Math.ceil) };
    top = rows + section.items.length * view.row;
    return at;
  });
  return { placed, height: top };
}
