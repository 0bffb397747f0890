import { freeText } from '../format/answer-format';
import { fullSampling, isPreset, type Sampling } from '../format/sampling';
import {
  asApiError,
  type ApiError,
  type ChatSettings,
  type ChatSetup,
  type ContextPolicy,
  type FormatChoice,
  type Host,
  type Preset,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import type { ChatSettingsStore } from './chat-settings.svelte';
import type { Thread } from './thread.svelte';

const pauseMs = 400;

/** A setup with nothing left out. */
export interface FullSetup {
  presetId: string | null;
  system: string;
  sampling: Sampling;
  contextPolicy: ContextPolicy | null;
  format: FormatChoice;
}

/**
 * Owns how conversations are set up: system prompt, sampling, what happens when the context is
 * full, and the presets for it. What is changed is stored soon after the last key; that of a chat
 * that does not exist yet goes with its first message. Does not own what holds for all conversations
 * (chat settings): it asks for it there.
 */
export class SetupStore {
  presets = $state.raw<readonly Preset[]>([]);
  problem = $state.raw<ApiError | null>(null);
  /** Changes when the host has taken a setup: what it fills of the context may have changed. */
  stored = $state(0);

  #host: Host;
  #announcer: Announcer;
  #chatSettings: ChatSettingsStore;
  /** Until the presets are known, nobody can say which one a new conversation begins with. */
  #presetsRead = $state(false);
  #timers = new Map<Thread, ReturnType<typeof setTimeout>>();
  /** The preset a changed setup was made from. It changes only together with the setup. */
  #bases = new WeakMap<Thread, string>();

  constructor(host: Host, announcer: Announcer, chatSettings: ChatSettingsStore) {
    this.#host = host;
    this.#announcer = announcer;
    this.#chatSettings = chatSettings;
  }

  /** What holds for all conversations; null until it is read. */
  get settings(): ChatSettings | null {
    return this.#chatSettings.settings;
  }

  /** Reads presets and settings again: they may have been changed elsewhere. */
  async open() {
    const presets = this.#try(async () => {
      this.presets = await this.#host.presets();
      this.#presetsRead = true;
    });
    await Promise.all([presets, this.#chatSettings.read()]);
  }

  of(thread: Thread): FullSetup {
    return thread.setup === null ? this.#fresh() : full(thread.setup);
  }

  /** The preset a conversation was set up from, changed since or not. */
  baseOf(thread: Thread): Preset | null {
    const { presetId } = this.of(thread);
    return this.#preset(presetId ?? this.#bases.get(thread) ?? null);
  }

  /** The preset it still is. */
  presetOf(thread: Thread): Preset | null {
    return this.#preset(this.of(thread).presetId);
  }

  policyOf(thread: Thread): ContextPolicy {
    return this.of(thread).contextPolicy ?? this.usualPolicy;
  }

  get usualPolicy(): ContextPolicy {
    return this.settings?.contextPolicy ?? 'stopAtLimit';
  }

  change(thread: Thread, change: Partial<Omit<FullSetup, 'presetId'>>) {
    const base = this.baseOf(thread);
    const next = { ...this.of(thread), ...change };
    this.#set(thread, { ...next, presetId: base && isPreset(base, next) ? base.id : null }, base);
  }

  /** null: no system prompt, and the usual sampling. */
  choose(thread: Thread, id: string | null) {
    const preset = this.#preset(id);
    const { contextPolicy } = this.of(thread);
    this.#set(thread, { ...from(preset), contextPolicy }, preset);
  }

  /** As a new conversation begins. */
  reset(thread: Thread) {
    const fresh = this.#fresh();
    this.#set(thread, fresh, this.#preset(fresh.presetId));
  }

  /** What a new conversation is begun with; null: not all of it could be read, so the host decides. */
  forNew(thread: Thread): ChatSetup | null {
    const known = this.#presetsRead && this.settings !== null;
    if (thread.setup === null && !known) return null;
    thread.setup = this.of(thread);
    return thread.setup;
  }

  /** Stores what is not stored yet. False if it could not be; true at once where there is nothing to do. */
  async flush(thread: Thread): Promise<boolean> {
    if (!this.isWaiting(thread)) return true;
    this.#forget(thread);
    const { id, setup } = thread;
    if (setup === null) return true;
    if (id === null) {
      // It goes with the first message, unless that has just gone without it.
      if (thread.run) this.#later(thread);
      return true;
    }
    return this.#try(async () => {
      await this.#host.setChatSetup(id, setup);
      this.stored += 1;
    });
  }

  isWaiting(thread: Thread): boolean {
    return this.#timers.has(thread);
  }

  async flushAll() {
    await Promise.all([...this.#timers.keys()].map((thread) => this.flush(thread)));
  }

  /** What a conversation is set up with gets a name, and the conversation that preset. */
  async saveAs(thread: Thread, name: string): Promise<boolean> {
    const { system, sampling, format } = this.of(thread);
    const preset = await this.store({ id: '', name, system, sampling, format });
    if (preset) this.choose(thread, preset.id);
    return preset !== null;
  }

  /** The preset becomes what the conversation is. */
  async update(thread: Thread): Promise<boolean> {
    const base = this.baseOf(thread);
    if (!base) return false;
    const { system, sampling, format } = this.of(thread);
    const preset = await this.store({ ...base, system, sampling, format });
    if (preset) this.choose(thread, preset.id);
    return preset !== null;
  }

  async store(preset: Preset): Promise<Preset | null> {
    let stored: Preset | null = null;
    await this.#try(async () => {
      stored = await this.#host.savePreset({ ...preset, name: preset.name.trim() });
      this.presets = await this.#host.presets();
      this.#announcer.say(t('presets.saved', { name: stored.name }));
    });
    return stored;
  }

  async remove(preset: Preset): Promise<boolean> {
    if (this.settings?.defaultPresetId === preset.id) await this.setDefault(null);
    return this.#try(async () => {
      await this.#host.deletePreset(preset.id);
      this.presets = await this.#host.presets();
      this.#announcer.say(t('presets.deleted', { name: preset.name }));
    });
  }

  /** The preset of new conversations. */
  async setDefault(defaultPresetId: string | null) {
    await this.#chatSettings.change({ defaultPresetId });
  }

  #set(thread: Thread, setup: FullSetup, base: Preset | null) {
    if (base) this.#bases.set(thread, base.id);
    else this.#bases.delete(thread);
    thread.setup = setup;
    this.#later(thread);
  }

  #later(thread: Thread) {
    this.#forget(thread);
    const timer = setTimeout(() => void this.flush(thread), pauseMs);
    this.#timers.set(thread, timer);
  }

  #forget(thread: Thread) {
    clearTimeout(this.#timers.get(thread));
    this.#timers.delete(thread);
  }

  #fresh(): FullSetup {
    return from(this.#preset(this.settings?.defaultPresetId ?? null));
  }

  #preset(id: string | null): Preset | null {
    return this.presets.find((preset) => preset.id === id) ?? null;
  }

  async #try(ask: () => Promise<void>): Promise<boolean> {
    try {
      await ask();
      this.problem = null;
      return true;
    } catch (reason) {
      this.problem = asApiError(reason);
      return false;
    }
  }
}

function full({ presetId, system, sampling, contextPolicy, format }: ChatSetup): FullSetup {
  return {
    presetId: presetId ?? null,
    system: system ?? '',
    sampling: fullSampling(sampling),
    contextPolicy: contextPolicy ?? null,
    format: format ?? freeText,
  };
}

function from(preset: Preset | null): FullSetup {
  return {
    presetId: preset?.id ?? null,
    system: preset?.system ?? '',
    sampling: fullSampling(preset?.sampling),
    contextPolicy: null,
    format: preset?.format ?? freeText,
  };
}
