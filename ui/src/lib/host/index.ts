import type { Host } from './host';
import { createTauriHost } from './tauri';

/** The only place that decides which host is behind the window. */
export async function openHost(): Promise<Host> {
  if (import.meta.env.MODE === 'fake') {
    const { createFakeHost } = await import('./fake');
    return createFakeHost();
  }
  return createTauriHost();
}

export type { Host } from './host';
export type * from './bindings';
export { asApiError } from './api-error';
