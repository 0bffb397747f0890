import type { Host } from './host';

/** What a window in a browser remembers is where browsers keep such things. */
const memoryPrefix = 'paddock.';
export const browserMemory: Pick<Host, 'remembered' | 'remember'> = {
  async remembered() {
    const kept = Object.entries(localStorage).filter(([key]) => key.startsWith(memoryPrefix));
    return Object.fromEntries(kept.map(([key, text]) => [key.slice(memoryPrefix.length), text]));
  },
  async remember(key, text) {
    if (text === null) localStorage.removeItem(memoryPrefix + key);
    else localStorage.setItem(memoryPrefix + key, text);
  },
};
