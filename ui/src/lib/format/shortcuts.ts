/**
 * Every key the window knows, in one place: what is pressed, where it is listed, and whether the
 * window itself acts on it (`global`) or the part that has the focus does. The words are
 * `shortcuts.<id>`.
 */
export type ShortcutGroup = 'general' | 'chats' | 'writing' | 'view';

interface Shortcut {
  group: ShortcutGroup;
  /** The key as the event names it, lower case. */
  key: string;
  /** With Command on a Mac, with Ctrl elsewhere. */
  mod?: boolean;
  shift?: boolean;
  /** Other keys that do the same: the plus without Shift, say. */
  also?: readonly string[];
  /** The window acts on it wherever the focus is; but a key without mod is typed in a field. */
  global?: boolean;
}

const shortcuts = {
  newChat: { group: 'general', key: 'n', mod: true, global: true },
  search: { group: 'general', key: 'k', mod: true, global: true },
  settings: { group: 'general', key: ',', mod: true, global: true },
  modelPicker: { group: 'general', key: 'l', mod: true, global: true },
  findModels: { group: 'general', key: '2', mod: true, global: true },
  library: { group: 'general', key: '3', mod: true, global: true },
  shortcuts: { group: 'general', key: '/', mod: true, global: true },
  help: { group: 'general', key: '?', global: true },
  newFolder: { group: 'chats', key: 'n', mod: true, shift: true, global: true },
  rename: { group: 'chats', key: 'e', mod: true, shift: true, global: true },
  delete: { group: 'chats', key: 'd', mod: true, shift: true, global: true },
  findHere: { group: 'chats', key: 'f', mod: true },
  send: { group: 'writing', key: 'enter' },
  newline: { group: 'writing', key: 'enter', shift: true },
  recall: { group: 'writing', key: 'arrowup' },
  templates: { group: 'writing', key: '/' },
  stop: { group: 'writing', key: 'escape' },
  sidebar: { group: 'view', key: 'b', mod: true, global: true },
  zoomIn: { group: 'view', key: '+', mod: true, also: ['='], global: true },
  zoomOut: { group: 'view', key: '-', mod: true, also: ['_'], global: true },
  zoomReset: { group: 'view', key: '0', mod: true, global: true },
} as const satisfies Record<string, Shortcut>;

export type ShortcutId = keyof typeof shortcuts;
type GlobalOf<Id extends ShortcutId> = Id extends unknown
  ? (typeof shortcuts)[Id] extends { global: true }
    ? Id
    : never
  : never;
export type GlobalShortcut = GlobalOf<ShortcutId>;

export const shortcutIds = Object.keys(shortcuts) as ShortcutId[];
export const shortcutGroups: readonly ShortcutGroup[] = ['general', 'chats', 'writing', 'view'];

export function groupOf(id: ShortcutId): ShortcutGroup {
  return shortcuts[id].group;
}

export function onMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}

const named: Record<string, string> = {
  enter: '↵',
  arrowup: '↑',
  escape: 'Esc',
  '-': '−',
};

/** The keys one by one, as they are written on this system's keyboards. */
export function keysOf(id: ShortcutId, mac = onMac()): string[] {
  const { key, mod, shift }: Shortcut = shortcuts[id];
  const last = named[key] ?? key.toUpperCase();
  // Each system has its own order.
  if (mac) return [...(shift ? ['⇧'] : []), ...(mod ? ['⌘'] : []), last];
  return [...(mod ? ['Ctrl'] : []), ...(shift ? ['Shift'] : []), last];
}

/** As on a button: ⌘N, or Ctrl N. */
export function keysText(id: ShortcutId, mac = onMac()): string {
  return keysOf(id, mac).join(mac ? '' : ' ');
}

/** For `aria-keyshortcuts`. */
export function ariaKeys(id: ShortcutId, mac = onMac()): string {
  const { key, mod, shift }: Shortcut = shortcuts[id];
  const last = key.length === 1 ? key.toUpperCase() : key;
  const pressed = last === '+' ? 'Plus' : last;
  return [...(mod ? [mac ? 'Meta' : 'Control'] : []), ...(shift ? ['Shift'] : []), pressed].join(
    '+',
  );
}

/** Which of the window's own shortcuts an event is. */
export function globalShortcut(event: KeyboardEvent, mac = onMac()): GlobalShortcut | null {
  if (event.isComposing || event.altKey) return null;
  const found = shortcutIds.find((id) => {
    const shortcut: Shortcut = shortcuts[id];
    return shortcut.global === true && matches(event, shortcut, mac);
  });
  return (found as GlobalShortcut | undefined) ?? null;
}

function matches(event: KeyboardEvent, shortcut: Shortcut, mac: boolean): boolean {
  const [mod, other] = mac ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  if (other || mod !== (shortcut.mod ?? false)) return false;
  if (!shortcut.mod && typing(event.target)) return false;
  const pressed = pressedKey(event);
  if (pressed !== shortcut.key && !shortcut.also?.includes(pressed)) return false;
  // Whether a sign needs Shift depends on the keyboard; with a letter, Shift is another shortcut.
  return !/^[a-z]$/.test(shortcut.key) || event.shiftKey === (shortcut.shift ?? false);
}

/** The letter on the key where the layout has no Latin ones, and the digit where digits need Shift. */
function pressedKey(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  if (letter && !/^[a-z]$/.test(key) && !/^[\x20-\x7e]$/.test(key)) return letter.toLowerCase();
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  if (digit && !event.shiftKey && !/^[\x20-\x7e]$/.test(key)) return digit;
  return key;
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return true;
  return (
    target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)
  );
}
