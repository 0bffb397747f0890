import {
  asApiError,
  type ApiError,
  type DownloadSettings,
  type Host,
  type TokenPlace,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/**
 * Owns how downloads are made, and where the access token for Hugging Face is kept. Does not own
 * the token: it goes to the host and never comes back. Asks only this computer, never the network.
 */
export class HubSettingsStore {
  settings = $state.raw<DownloadSettings | null>(null);
  token = $state<TokenPlace | null>(null);
  problem = $state.raw<ApiError | null>(null);
  tokenProblem = $state.raw<ApiError | null>(null);

  #host: Host;
  #announcer: Announcer;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  async open() {
    await Promise.all([this.#readSettings(), this.#readToken()]);
  }

  /** What the host says it is now counts, not what was asked for. */
  async change(change: Partial<DownloadSettings>) {
    if (!this.settings) return;
    try {
      this.settings = await this.#host.setDownloadSettings({ ...this.settings, ...change });
      this.problem = null;
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  async pickFolder() {
    try {
      const modelsFolder = await this.#host.pickFolder();
      if (modelsFolder !== null) await this.change({ modelsFolder });
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  /** True if it is kept now; `null` forgets it. */
  async setToken(token: string | null): Promise<boolean> {
    try {
      this.token = await this.#host.setHubToken(token);
      this.tokenProblem = null;
      this.#announcer.say(t(`token.${this.token}`));
      return true;
    } catch (reason) {
      this.tokenProblem = asApiError(reason);
      return false;
    }
  }

  async #readSettings() {
    try {
      this.settings = await this.#host.downloadSettings();
      this.problem = null;
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  async #readToken() {
    try {
      this.token = await this.#host.hubToken();
      this.tokenProblem = null;
    } catch (reason) {
      this.tokenProblem = asApiError(reason);
    }
  }
}
