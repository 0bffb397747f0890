import type { Host } from './host';

/** Placeholder until the generated bindings exist. */
export function createTauriHost(): Host {
  throw new Error('The desktop host is not connected yet. Use `npm run dev:fake`.');
}
