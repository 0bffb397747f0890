const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** How the shortcut is written on this system. */
export const newChatKeys = mac ? '⌘N' : 'Ctrl N';

export function isNewChat(event: KeyboardEvent): boolean {
  const command = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  return command && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'n';
}
