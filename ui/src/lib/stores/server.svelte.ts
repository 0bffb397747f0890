import {
  asApiError,
  type ApiError,
  type Host,
  type ServerSettings,
  type ServerToken,
  type ServerView,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/**
 * Owns what the window knows of the local server. Its key is asked for when somebody wants to see
 * or copy it, and forgotten when it is hidden. The view always comes whole from the host.
 */
export class ServerStore {
  view = $state.raw<ServerView | null>(null);
  /** Shown at this moment. */
  token = $state.raw<ServerToken | null>(null);
  problem = $state.raw<ApiError | null>(null);

  #host: Host;
  #announcer: Announcer;
  #listening = false;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  async open() {
    await this.#do(async () => {
      if (!this.#listening) {
        this.#listening = true;
        await this.#host.onServer((view) => (this.view = view));
      }
      this.view = await this.#host.server();
    });
  }

  async change(change: Partial<ServerSettings>) {
    const settings = this.view?.settings;
    if (!settings) return;
    await this.#do(async () => {
      this.view = await this.#host.setServer({ ...settings, ...change });
    });
  }

  async showToken() {
    await this.#do(async () => {
      this.token = await this.#host.serverToken();
    });
  }

  hideToken() {
    this.token = null;
  }

  /** To be copied without being shown; null: there is none. */
  async askToken(): Promise<string | null> {
    let token: string | null = null;
    await this.#do(async () => {
      token = (await this.#host.serverToken()).token;
    });
    return token;
  }

  async renewToken() {
    await this.#do(async () => {
      const renewed = await this.#host.renewServerToken();
      if (this.token) this.token = renewed;
      this.#announcer.say(t('serverSettings.saidRenewed'));
    });
  }

  async #do(work: () => Promise<void>) {
    try {
      await work();
      this.problem = null;
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }
}
