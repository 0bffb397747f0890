import { asApiError, type ApiError, type Host } from '../host';

/**
 * Owns how answers are read in this window: whether long lines of code are wrapped, which is
 * remembered, and the one way out of it, the browser.
 */
const key = 'paddock.wrapCode';

export class ReadingStore {
  wrapCode = $state(false);

  #host: Host;

  constructor(host: Host) {
    this.#host = host;
    this.wrapCode = localStorage.getItem(key) === '1';
  }

  toggleWrap() {
    this.wrapCode = !this.wrapCode;
    if (this.wrapCode) localStorage.setItem(key, '1');
    else localStorage.removeItem(key);
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
