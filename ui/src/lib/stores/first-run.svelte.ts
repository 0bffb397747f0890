import { asApiError, type ApiError, type ChatEvent, type Host, type Timings } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import type { ConversationsStore } from './conversations.svelte';
import type { EngineStore } from './engine.svelte';

export const steps = ['welcome', 'computer', 'model', 'check'] as const;
export type Step = (typeof steps)[number];

/**
 * Owns whether the first run is on screen, its step, and the check at its end. Does not own what
 * the steps show (planning store). Nothing waits for it: writing a message ends it.
 */
export class FirstRunStore {
  open = $state(false);
  step = $state<Step>('welcome');
  checking = $state(false);
  /** What the model wrote in the check. */
  answer = $state('');
  timings = $state.raw<Timings | null>(null);
  problem = $state.raw<ApiError | null>(null);

  #host: Host;
  #engine: EngineStore;
  #conversations: ConversationsStore;
  #announcer: Announcer;

  constructor(
    host: Host,
    engine: EngineStore,
    conversations: ConversationsStore,
    announcer: Announcer,
  ) {
    this.#host = host;
    this.#engine = engine;
    this.#conversations = conversations;
    this.#announcer = announcer;
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
    this.open = true;
  }

  /** Loads the self-test model unless another one is loaded, asks it something, and leaves nothing behind. */
  async check() {
    if (this.checking) return;
    this.checking = true;
    this.answer = '';
    this.timings = null;
    this.problem = null;
    let id: string | null = null;
    try {
      const { selfTest } = this.#engine;
      if (!this.#engine.model && selfTest)
        await this.#engine.loadWith(selfTest.path, {
          nCtx: null,
          nGpuLayers: null,
          nThreads: null,
        });
      // The news that it is loaded may come later than the end of loading; only an error ends this.
      if (this.#engine.error) {
        this.problem = this.#engine.error;
        return;
      }
      const request = { conversationId: null, parentId: null, content: t('firstRun.question') };
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
