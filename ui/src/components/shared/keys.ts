import { language } from '../../lib/i18n';

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Where an arrow key leads along a line of words: 1 onwards, -1 back, 0 for any other key. */
export function stepAlong(key: string): -1 | 0 | 1 {
  if (key !== 'ArrowRight' && key !== 'ArrowLeft') return 0;
  return (key === 'ArrowRight') === (language.dir === 'ltr') ? 1 : -1;
}

/** How the shortcut is written on this system. */
export const newChatKeys = mac ? '⌘N' : 'Ctrl N';

export function isNewChat(event: KeyboardEvent): boolean {
  const command = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  return command && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'n';
}
