import { sortings, type Sorting } from '../format/sections';
import type { WindowMemory } from './memory';

/**
 * Owns how the sidebar looks in this window: whether it is there, how it is sorted, what is folded,
 * and which row is being renamed or asked about. The first three are remembered. Does not own the
 * conversations.
 */
export class SidebarStore {
  /** In a wide window. In a narrow one it is a drawer, which starts closed. */
  hidden = $state(false);
  drawerOpen = $state(false);
  sorting = $state<Sorting>('updated');
  /** Keys of the folders that are folded. */
  closed = $state.raw<ReadonlySet<string>>(new Set());
  archivedOpen = $state(false);
  /** Key of the row whose name is being typed: a conversation's id, `folder-<id>`, or `new-folder`. */
  renaming = $state<string | null>(null);
  /** The conversation that somebody is asked about before it is erased. */
  erasing = $state<string | null>(null);
  /** The conversation that goes into the folder whose name is being typed. */
  moving = $state<string | null>(null);
  /** The conversation that is dragged. */
  dragging = $state<string | null>(null);

  #memory: WindowMemory;

  constructor(memory: WindowMemory) {
    this.#memory = memory;
    this.hidden = memory.get('sidebarHidden') === 'yes';
    const sorting = memory.get('sidebarSorting');
    this.sorting = sortings.find((known) => known === sorting) ?? 'updated';
    this.closed = keysIn(memory.get('sidebarClosed'));
  }

  setHidden(hidden: boolean) {
    this.hidden = hidden;
    void this.#memory.set('sidebarHidden', hidden ? 'yes' : null);
  }

  sort(sorting: Sorting) {
    this.sorting = sorting;
    void this.#memory.set('sidebarSorting', sorting === 'updated' ? null : sorting);
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
    void this.#memory.set('sidebarClosed', closed.size > 0 ? JSON.stringify([...closed]) : null);
  }
}

function keysIn(saved: string | null): Set<string> {
  try {
    const keys: unknown = JSON.parse(saved ?? '[]');
    return new Set(Array.isArray(keys) ? keys.map(String) : []);
  } catch {
    return new Set();
  }
}
