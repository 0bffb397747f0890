import { asApiError, type ApiError, type ChatEvent, type Host, type Timings } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import type { ConversationsStore } from './conversations.svelte';
import type { DownloadsStore } from './downloads.svelte';
import type { EngineStore } from './engine.svelte';

export const steps = ['welcome', 'computer', 'model', 'download', 'check'] as const;
export type Step = (typeof steps)[number];

/** The model that the check asks. */
export interface CheckModel {
  path: string;
  name: string;
}

/**
 * Owns whether the first run is on screen, its step, the file that was chosen instead of a
 * download, and the check at its end. Does not own what the steps show (planning, offers, downloads). Nothing waits for it: writing a message ends it.
 */
export class FirstRunStore {
  open = $state(false);
  step = $state<Step>('welcome');
  checking = $state(false);
  /** What the model wrote in the check. */
  answer = $state('');
  timings = $state.raw<Timings | null>(null);
  problem = $state.raw<ApiError | null>(null);

  /** A file that is here already and shall be used. */
  chosen = $state.raw<CheckModel | null>(null);
  fileProblem = $state.raw<ApiError | null>(null);

  #host: Host;
  #engine: EngineStore;
  #conversations: ConversationsStore;
  #downloads: DownloadsStore;
  #announcer: Announcer;

  constructor(
    host: Host,
    stores: { engine: EngineStore; conversations: ConversationsStore; downloads: DownloadsStore },
    announcer: Announcer,
  ) {
    this.#host = host;
    this.#engine = stores.engine;
    this.#conversations = stores.conversations;
    this.#downloads = stores.downloads;
    this.#announcer = announcer;
  }

  /** What was chosen, else what has come; nothing: what is loaded, or the self-test model. */
  get checkModel(): CheckModel | null {
    if (this.chosen) return this.chosen;
    const ready = this.#downloads.list.findLast((d) => d.state.kind === 'ready' && d.path !== null);
    return ready && ready.path !== null ? { path: ready.path, name: ready.name } : null;
  }

  async pickFile() {
    try {
      const path = await this.#host.pickModelFile();
      if (path === null) return;
      this.fileProblem = null;
      this.chosen = { path, name: path.split(/[\\/]/).at(-1) ?? path };
    } catch (reason) {
      this.fileProblem = asApiError(reason);
    }
  }

  /** After the conversations are known: whoever has some is past the first run. */
  async start() {
    try {
      const pending = await this.#host.firstRunPending();
      this.open = pending && this.#conversations.list.length === 0;
    } catch {
      // Not knowing is no reason to stand in somebody's way; the Models view offers it again.
      this.open = false;
    }
  }

  get at(): number {
    return steps.indexOf(this.step);
  }

  go(step: Step) {
    this.step = step;
    this.#announcer.say(
      t('firstRun.at', { name: t(`firstRun.${step}`), at: this.at + 1, of: steps.length }),
    );
  }

  next() {
    const step = steps[this.at + 1];
    if (step) this.go(step);
  }

  back() {
    const step = steps[this.at - 1];
    if (step) this.go(step);
  }

  /** Gone through, skipped, or overtaken by a first message. */
  async finish() {
    this.open = false;
    try {
      await this.#host.setFirstRunDone(true);
    } catch {
      // It is shown once more at the next start, which says that it was not kept.
    }
  }

  again() {
    this.step = 'welcome';
    this.answer = '';
    this.timings = null;
    this.problem = null;
    this.chosen = null;
    this.open = true;
  }

  /** Loads what shall be checked, asks it something, and leaves nothing behind. */
  async check() {
    if (this.checking) return;
    this.checking = true;
    this.answer = '';
    this.timings = null;
    this.problem = null;
    let id: string | null = null;
    try {
      const { model, selfTest } = this.#engine;
      const path = this.checkModel?.path ?? (model ? model.path : selfTest?.path);
      if (path !== undefined && model?.path !== path)
        await this.#engine.loadWith(path, { nCtx: null, nGpuLayers: null, nThreads: null });
      // The news that it is loaded may come later than the end of loading; only an error ends this.
      if (this.#engine.error) {
        this.problem = this.#engine.error;
        return;
      }
      const request = {
        conversationId: null,
        parentId: null,
        content: t('firstRun.question'),
        attachments: [],
        setup: null,
      };
      await this.#host.chatSend(request, (event) => {
        if (event.type === 'started') id = event.conversation.id;
        this.#take(event);
      });
    } catch (reason) {
      this.problem = asApiError(reason);
    } finally {
      if (id !== null) await this.#host.deleteConversation(id).catch(() => undefined);
      this.checking = false;
    }
  }

  #take(event: ChatEvent) {
    if (event.type === 'text') this.answer += event.delta;
    if (event.type !== 'done') return;
    this.answer = event.message.content;
    this.timings = event.message.timings;
    this.problem = event.message.error;
    if (this.timings) this.#announcer.say(t('firstRun.works'));
  }
}
