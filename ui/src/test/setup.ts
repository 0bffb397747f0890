import { cleanup } from '@testing-library/svelte';
import { afterEach } from 'vitest';
import { browserMemory } from '../lib/host/fake-memory';
import { language } from '../lib/i18n';
import { WindowMemory } from '../lib/stores/memory';

/** What jsdom leaves out and the window needs. */
window.matchMedia ??= (query: string) =>
  ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }) as unknown as MediaQueryList;

window.CSS ??= {
  escape: (text: string) => text.replace(/[^\w-]/g, (character) => `\\${character}`),
} as unknown as typeof CSS;

await language.start(await WindowMemory.of(browserMemory));

afterEach(() => {
  cleanup();
  localStorage.clear();
});
