import { automatic, readSettings, type TypedSettings } from '../format/load-settings';
import {
  asApiError,
  type ApiError,
  type EngineNotes,
  type EngineState,
  type Host,
  type LoadedModel,
  type LoadSettings,
  type LoadWish,
  type ModelEntry,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/**
 * Owns what the engine is doing, the models that can be chosen and the settings to load them with.
 * Does not own answers (chat store). The state always comes whole from the host; nothing here
 * guesses the next one.
 */
export class EngineStore {
  state = $state.raw<EngineState>({ status: 'noModel' });
  notes = $state.raw<EngineNotes | null>(null);
  models = $state.raw<readonly ModelEntry[]>([]);
  settings = $state<TypedSettings>({ ...automatic });
  pickerOpen = $state(false);

  /** A load the host refused without changing its state. */
  #refused = $state.raw<ApiError | null>(null);
  #dismissed = $state.raw<EngineState | null>(null);

  #host: Host;
  #announcer: Announcer;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  async start() {
    try {
      await this.#host.onEngineState((state) => this.#take(state));
      this.#take(await this.#host.engineState());
      await this.#host.onEngineNotes((notes) => (this.notes = notes));
      this.notes = await this.#host.engineNotes();
    } catch (reason) {
      this.#refused = asApiError(reason);
    }
    await this.refreshModels();
  }

  get model(): LoadedModel | null {
    return 'model' in this.state ? this.state.model : null;
  }

  get error(): ApiError | null {
    const { state } = this;
    if (state.status === 'failed' && state !== this.#dismissed) return state.error;
    return this.#refused;
  }

  get selfTest(): ModelEntry | null {
    return this.models.find((m) => m.selfTest) ?? null;
  }

  async refreshModels() {
    try {
      this.models = await this.#host.listModels();
    } catch (reason) {
      this.#refused = asApiError(reason);
    }
  }

  async openFile() {
    try {
      const path = await this.#host.pickModelFile();
      if (path !== null) await this.load(path);
    } catch (reason) {
      this.#refused = asApiError(reason);
    }
  }

  /** Does nothing while a setting is not a number; the field says so. */
  async load(path: string) {
    const settings = readSettings(this.settings);
    if (settings) await this.loadWith(path, settings);
  }

  async loadWith(path: string, settings: LoadSettings) {
    await this.#load(path, settings, null);
  }

  async #load(path: string, settings: LoadSettings, wish: LoadWish | null) {
    this.pickerOpen = false;
    this.dismissError();
    try {
      await (wish === null
        ? this.#host.loadModel(path, settings)
        : this.#host.loadModelAs(path, settings, wish));
    } catch (reason) {
      if (this.state.status !== 'failed') this.#refused = asApiError(reason);
    }
    await this.refreshModels();
  }

  /** Load what the notes are about once more, with what is insisted on. */
  async loadNoted(wish: LoadWish) {
    const { notes } = this;
    if (notes === null || notes.path === null) return;
    await this.#load(notes.path, notes.asked, wish);
  }

  async stopLoad() {
    try {
      await this.#host.stopLoad();
    } catch (reason) {
      this.#refused = asApiError(reason);
    }
  }

  async unload() {
    this.pickerOpen = false;
    try {
      await this.#host.unloadModel();
    } catch (reason) {
      this.#refused = asApiError(reason);
    }
  }

  dismissError() {
    this.#refused = null;
    this.#dismissed = this.state;
  }

  #take(state: EngineState) {
    const before = this.state;
    this.state = state;
    if (state.status === before.status) return;
    if (state.status !== 'noModel') this.#refused = null;
    switch (state.status) {
      case 'loading':
        this.#announcer.say(t('announce.loading', { name: state.name }));
        break;
      case 'ready':
        if (before.status !== 'loading') break;
        this.#announcer.say(t('announce.ready', { name: state.model.name }));
        void this.refreshModels();
        break;
      case 'resting':
      case 'noModel':
        this.#announcer.say(t('announce.unloaded'));
        break;
    }
  }
}
