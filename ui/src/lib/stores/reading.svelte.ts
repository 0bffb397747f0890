import { asApiError, type ApiError, type Host } from '../host';
import type { WindowMemory } from './memory';

/**
 * Owns how answers are read in this window: whether long lines of code are wrapped, which is
 * remembered, and the one way out of it, the browser.
 */
export class ReadingStore {
  wrapCode = $state(false);

  #host: Host;
  #memory: WindowMemory;

  constructor(host: Host, memory: WindowMemory) {
    this.#host = host;
    this.#memory = memory;
    this.wrapCode = memory.get('wrapCode') === '1';
  }

  toggleWrap() {
    this.wrapCode = !this.wrapCode;
    void this.#memory.set('wrapCode', this.wrapCode ? '1' : null);
  }

  /** Why it could not be opened; null: the browser has it. */
  async openLink(url: string): Promise<ApiError | null> {
    try {
      await this.#host.openLink(url);
      return null;
    } catch (reason) {
      return asApiError(reason);
    }
  }
}

/** What the browser is offered. Everything else can only be copied. */
export function canOpen(url: string): boolean {
  return /^https?:\/\//i.test(url);
}
