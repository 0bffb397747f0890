import { sortings, type Sorting } from '../format/sections';

const hiddenKey = 'paddock.sidebar.hidden';
const sortingKey = 'paddock.sidebar.sorting';
const closedKey = 'paddock.sidebar.closed';

/**
 * Owns how the sidebar looks in this window: whether it is there, how it is sorted, what is folded,
 * and which row is being renamed or asked about. What should last lives in localStorage. Does not
 * own the conversations.
 */
export class SidebarStore {
  /** In a wide window. In a narrow one it is a drawer, which starts closed. */
  hidden = $state(localStorage.getItem(hiddenKey) === 'yes');
  drawerOpen = $state(false);
  sorting = $state<Sorting>(savedSorting());
  /** Keys of the folders that are folded. */
  closed = $state.raw<ReadonlySet<string>>(savedClosed());
  archivedOpen = $state(false);
  /** Key of the row whose name is being typed: a conversation's id, `folder-<id>`, or `new-folder`. */
  renaming = $state<string | null>(null);
  /** The conversation that somebody is asked about before it is erased. */
  erasing = $state<string | null>(null);
  /** The conversation that goes into the folder whose name is being typed. */
  moving = $state<string | null>(null);
  /** The conversation that is dragged. */
  dragging = $state<string | null>(null);

  setHidden(hidden: boolean) {
    this.hidden = hidden;
    keep(hiddenKey, hidden ? 'yes' : null);
  }

  sort(sorting: Sorting) {
    this.sorting = sorting;
    keep(sortingKey, sorting === 'updated' ? null : sorting);
  }

  /** Opens what is closed and closes what is open; or says which it shall be. */
  fold(key: string, open: boolean) {
    if (key === 'archived') {
      this.archivedOpen = open;
      return;
    }
    const closed = new Set(this.closed);
    if (open) closed.delete(key);
    else closed.add(key);
    this.closed = closed;
    keep(closedKey, closed.size > 0 ? JSON.stringify([...closed]) : null);
  }
}

function keep(key: string, value: string | null) {
  if (value === null) localStorage.removeItem(key);
  else localStorage.setItem(key, value);
}

function savedSorting(): Sorting {
  const saved = localStorage.getItem(sortingKey);
  return sortings.find((sorting) => sorting === saved) ?? 'updated';
}

function savedClosed(): Set<string> {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(closedKey) ?? '[]');
    return new Set(Array.isArray(saved) ? saved.map(String) : []);
  } catch {
    return new Set();
  }
}
