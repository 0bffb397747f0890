import type { Host, WindowKey } from '../host';

/**
 * Owns what this window remembers over restarts: its language, light or dark, what is folded. The
 * host keeps it, because a web view's own storage writes some seconds later, and so forgets what was
 * chosen last before the window was closed. Does not own what a text means: its store does.
 */
export class WindowMemory {
  #host: Pick<Host, 'remember'>;
  #texts: Map<string, string>;

  private constructor(host: Pick<Host, 'remember'>, texts: Map<string, string>) {
    this.#host = host;
    this.#texts = texts;
  }

  /** A host that cannot tell is no reason to have no window: then nothing was chosen yet. */
  static async of(host: Pick<Host, 'remember' | 'remembered'>): Promise<WindowMemory> {
    const texts = await host.remembered().catch(() => ({}));
    return new WindowMemory(host, new Map(Object.entries(texts)));
  }

  get(key: WindowKey): string | null {
    return this.#texts.get(key) ?? null;
  }

  /** Holds at once; resolves when it is kept. What cannot be kept still holds for this window. */
  async set(key: WindowKey, text: string | null): Promise<void> {
    if (text === null) this.#texts.delete(key);
    else this.#texts.set(key, text);
    await this.#host.remember(key, text).catch(() => undefined);
  }
}
