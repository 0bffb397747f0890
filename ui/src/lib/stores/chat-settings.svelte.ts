import { asApiError, type ApiError, type ChatSettings, type Host } from '../host';

/** What holds for all conversations until somebody changes it. */
export const usualChatSettings: Required<ChatSettings> = {
  contextPolicy: 'stopAtLimit',
  replyReserve: 512,
  proposeTitles: true,
  dailyBackups: true,
  defaultPresetId: null,
};

/** The range the host takes for the reply reserve, in tokens. */
export const reserveRange = { min: 16, max: 32_768 };

/** Owns what holds for all conversations, and why it could not be read or kept. */
export class ChatSettingsStore {
  settings = $state.raw<Required<ChatSettings> | null>(null);
  problem = $state.raw<ApiError | null>(null);

  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async read() {
    await this.#do(() => this.#host.chatSettings());
  }

  /** Upon what is kept now: another part of the window may have changed another field. */
  async change(fields: ChatSettings) {
    await this.#do(async () =>
      this.#host.setChatSettings({ ...(await this.#host.chatSettings()), ...fields }),
    );
  }

  async reset() {
    await this.#do(() => this.#host.setChatSettings(usualChatSettings));
  }

  async #do(ask: () => Promise<ChatSettings>) {
    try {
      this.settings = { ...usualChatSettings, ...(await ask()) };
      this.problem = null;
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }
}
