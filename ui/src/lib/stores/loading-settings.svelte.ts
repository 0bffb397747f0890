import { asApiError, type ApiError, type Host, type LoadingSettings } from '../host';

/** What holds for all loads until somebody changes it. */
export const usualLoadingSettings: Required<LoadingSettings> = {
  guardrail: 'balanced',
  idleSeconds: 300,
  ramLimitBytes: null,
};

/** Owns what holds for all loads, and why it could not be read or kept. */
export class LoadingSettingsStore {
  settings = $state.raw<Required<LoadingSettings> | null>(null);
  problem = $state.raw<ApiError | null>(null);

  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async read() {
    await this.#do(() => this.#host.loadingSettings());
  }

  /** Upon what is kept now: another part of the window may have changed another field. */
  async change(fields: Partial<LoadingSettings>) {
    await this.#do(async () =>
      this.#host.setLoadingSettings({ ...(await this.#host.loadingSettings()), ...fields }),
    );
  }

  async #do(ask: () => Promise<LoadingSettings>) {
    try {
      this.settings = { ...usualLoadingSettings, ...(await ask()) };
      this.problem = null;
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }
}
