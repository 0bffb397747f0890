import type {
  ChatEvent,
  ChatRequest,
  Conversation,
  ConversationSummary,
  EngineState,
  ErrorCode,
  LoadSettings,
  Message,
  ModelEntry,
} from './bindings';
import { type FakeChats, newConversation, newMessage, type Stored, summary } from './fake-chats';
import { fakeComposer, type FakeComposerHost } from './fake-composer';
import { fakeMessages, type FakeMessagesHost } from './fake-messages';
import { type FakeModelsOptions, fakeModels, type ModelsHost, modelToLoad } from './fake-models';
import { fakeOrganise, type FakeOrganiseHost } from './fake-organise';
import { fakePlanning, type PlanningHost } from './fake-planning';
import { fakeError, finishReason, type Script, scriptFor } from './fake-script';
import {
  loadedModel,
  plainConversation,
  newEntry,
  plainSummary,
  browserConversations,
  startingModels,
} from './fake-samples';
import type { Host } from './host';

/**
 * The whole host in memory. It answers at a believable pace in the browser and at once in tests.
 *
 * What a message can ask of it:
 *   /demo                         every kind of Markdown
 *   /think                        thoughts before the answer
 *   /long 100000 5000             so many tokens at so many tokens per second
 *   /code 5000 3000              a block of so many lines of code
 *   /wait 20                      a prompt that takes that many seconds to understand
 *   /fail engineDied              partial text, then this error (any ErrorCode)
 *   /nothing internal             this error before the first word
 *   /refuse promptTooLong         rejected before anything is stored
 */
export interface FakeOptions extends FakeModelsOptions {
  /** `instant` skips all waiting. */
  pace?: 'real' | 'instant';
  /** Start with the self-test model in memory. */
  loaded?: boolean;
  conversations?: Conversation[];
  /** What the file dialog gives back. */
  pickedFile?: string | null;
  now?: () => number;
}

export function createFakeHost(options: FakeOptions = {}): Host {
  const host = new FakeHost(options);
  return Object.assign(
    host,
    fakePlanning(options),
    fakeModels(options),
    fakeOrganise(host),
    fakeMessages(host),
    fakeComposer(host),
  );
}

type ChatsHost = FakeOrganiseHost & FakeMessagesHost & FakeComposerHost;
class FakeHost
  implements Omit<Host, keyof PlanningHost | keyof ModelsHost | keyof ChatsHost>, FakeChats
{
  #instant: boolean;
  now: () => number;
  conversations = new Map<string, Stored>();
  deleted = new Map<string, Stored>();
  state: EngineState = { status: 'noModel' };
  setupOfNew = () => plainConversation.setup;
  replyReserve = () => 512;
  #stateListeners = new Set<(s: EngineState) => void>();
  #listListeners = new Set<(list: ConversationSummary[]) => void>();
  #stopped = new Set<string>();
  #ids = 0;
  #picked: string | null;
  #models: ModelEntry[];

  constructor(options: FakeOptions) {
    this.#instant = options.pace === 'instant';
    this.now = options.now ?? (() => Date.now());
    this.#picked =
      options.pickedFile === undefined ? '/models/Mistral-7B.Q4_K_M.gguf' : options.pickedFile;
    this.#models = startingModels(this.now());
    for (const c of options.conversations ??
      (this.#instant ? [] : browserConversations(this.now()))) {
      const times = c.messages.map((m) => m.createdAtMs);
      const at = { createdAtMs: Math.min(...times), updatedAtMs: Math.max(...times) };
      this.conversations.set(c.id, { ...structuredClone(c), ...plainSummary, ...at });
    }
    const selfTest = this.#models.find((m) => m.selfTest);
    if (options.loaded && selfTest) this.state = { status: 'ready', model: loadedModel(selfTest) };
  }

  async appInfo() {
    return { version: '0.1.0', dataDir: '/data', licence: 'MIT', platform: 'linux' as const };
  }

  async listConversations() {
    return this.#list();
  }

  async getConversation(id: string) {
    return structuredClone(this.find(id));
  }

  async renameConversation(id: string, title: string) {
    this.find(id).title = title;
    this.listChanged();
  }

  async deleteConversation(id: string) {
    this.deleted.set(id, this.find(id));
    this.conversations.delete(id);
    this.listChanged();
  }

  async restoreConversation(id: string) {
    const conversation = this.deleted.get(id);
    if (!conversation) throw fakeError('notFound');
    this.deleted.delete(id);
    this.conversations.set(id, conversation);
    this.listChanged();
    return summary(conversation);
  }

  async chatSend(request: ChatRequest, onEvent: (e: ChatEvent) => void) {
    const refused = /^\/refuse (\w+)/.exec(request.content);
    await this.#wait(20);
    if (refused) throw fakeError(refused[1] as ErrorCode);
    this.#refuseWhenBusy();
    await this.#ensureLoaded();
    const now = this.now();
    const conversation = request.conversationId
      ? this.find(request.conversationId)
      : this.#newConversation(request, now);
    const user = this.message(conversation.id, request.parentId, 'user', request.content);
    user.attachments = request.attachments.map(({ name, kind, sizeBytes, nTokens }) => ({
      id: this.newId('f'),
      name,
      kind,
      sizeBytes,
      nTokens,
    }));
    conversation.messages.push(user);
    await this.answer(conversation, user, onEvent);
  }

  async chatRetry(answerId: string, onEvent: (e: ChatEvent) => void) {
    this.#refuseWhenBusy();
    for (const conversation of this.conversations.values()) {
      const answer = conversation.messages.find((m) => m.id === answerId);
      const user = conversation.messages.find((m) => m.id === answer?.parentId);
      if (!answer || !user) continue;
      await this.#ensureLoaded();
      return this.answer(conversation, user, onEvent);
    }
    throw fakeError('notFound');
  }

  /** An answer of the fake ends with its page. */
  async chatFollow() {}

  async chatStop(conversationId: string) {
    this.#stopped.add(conversationId);
  }

  async listModels() {
    return structuredClone(this.#models);
  }

  async pickModelFile() {
    return this.#picked;
  }

  async loadModel(path: string, settings: LoadSettings) {
    const entry = this.#models.find((m) => m.path === path) ?? newEntry(path);
    if (!entry.present) throw fakeError('notFound');
    const began = this.now();
    const at = (phase: 'starting' | 'reading' | 'warmingUp', fraction: number) =>
      this.#tell({
        status: 'loading',
        path,
        name: entry.name,
        phase,
        fraction,
        elapsedMs: this.now() - began,
      });
    at('starting', 0);
    await this.#wait(300);
    const steps = entry.selfTest ? 8 : 60;
    for (let i = 1; i <= steps; i += 1) {
      at('reading', i / steps);
      await this.#wait(80);
      if (this.state.status !== 'loading') return;
      if (i * 2 > steps && entry.name.includes('broken')) {
        const error = fakeError('loadFailed');
        this.#tell({ status: 'failed', path, name: entry.name, error });
        throw error;
      }
    }
    at('warmingUp', 1);
    await this.#wait(400);
    entry.lastUsedMs = this.now();
    if (!this.#models.includes(entry)) this.#models.splice(1, 0, entry);
    this.#tell({ status: 'ready', model: loadedModel(entry, settings) });
  }

  async unloadModel() {
    this.#tell({ status: 'noModel' });
  }

  async engineState() {
    return this.state;
  }

  async onEngineState(listener: (s: EngineState) => void) {
    this.#stateListeners.add(listener);
    return () => void this.#stateListeners.delete(listener);
  }

  async onConversations(listener: (list: ConversationSummary[]) => void) {
    this.#listListeners.add(listener);
    return () => void this.#listListeners.delete(listener);
  }

  async answer(conversation: Stored, user: Message, onEvent: (e: ChatEvent) => void) {
    const answer = this.message(conversation.id, user.id, 'assistant', '');
    conversation.messages.push(answer);
    await this.#run(conversation, user, answer, scriptFor(user.content), onEvent);
  }

  async goOn(conversation: Stored, answer: Message, onEvent: (e: ChatEvent) => void) {
    this.#refuseWhenBusy();
    await this.#ensureLoaded();
    const user = conversation.messages.find((m) => m.id === answer.parentId) ?? answer;
    answer.finishReason = null;
    const script = {
      ...scriptFor(user.content),
      text: ' And this is how it goes on.',
      error: null,
    };
    await this.#run(conversation, user, answer, script, onEvent);
  }

  summary = summary;
  async #run(
    conversation: Stored,
    user: Message,
    answer: Message,
    script: Script,
    onEvent: (e: ChatEvent) => void,
  ) {
    const model = this.state.status === 'ready' ? this.state.model : null;
    if (!model) throw fakeError('noModel');
    answer.modelName = model.name;
    conversation.headId = answer.id;
    conversation.updatedAtMs = this.now();
    this.#stopped.delete(conversation.id);
    onEvent({
      type: 'started',
      conversation: summary(conversation),
      userMessage: user,
      answer: { ...answer },
    });
    this.listChanged();

    const total = Math.max(4, Math.round(user.content.length / 4) + 30);
    const cached = conversation.messages.length > 2 ? Math.round(total / 3) : 0;
    const began = this.now();
    for (let i = 0; i <= script.promptSteps && !this.#stopped.has(conversation.id); i += 1) {
      const processed = Math.round((total * i) / script.promptSteps);
      this.#tell({
        status: 'understanding',
        model,
        conversationId: conversation.id,
        processed,
        total,
        cached,
      });
      onEvent({ type: 'progress', processed, total, cached });
      await this.#wait(120);
    }
    const promptMs = this.now() - began;
    if (!this.#stopped.has(conversation.id)) {
      this.#tell({ status: 'writing', model, conversationId: conversation.id });
    }
    const wrote = this.now();
    const written = await this.#write(conversation.id, answer, script, onEvent);
    const stopped = this.#stopped.delete(conversation.id);
    answer.finishReason = finishReason(script.error, answer.content, stopped);
    answer.error = stopped ? null : script.error;
    if (answer.content.startsWith('<think>')) answer.thinkingMs = 3200;
    const measured = this.now() - wrote;
    answer.timings =
      written === 0
        ? null
        : {
            cacheN: cached,
            promptN: total - cached,
            promptMs: this.#instant ? 7000 : promptMs,
            predictedN: written,
            predictedMs: this.#instant ? 3600 : measured,
          };
    onEvent({ type: 'done', message: { ...answer } });
    const died = answer.error?.code === 'engineDied' || answer.error?.code === 'engineHung';
    this.#tell(
      died && answer.error
        ? { status: 'failed', path: model.path, name: model.name, error: answer.error }
        : { status: 'ready', model },
    );
    this.listChanged();
  }

  /** At most one message per frame, as the real host promises. Returns the number of tokens. */
  async #write(id: string, answer: Message, script: Script, onEvent: (e: ChatEvent) => void) {
    const tokens = script.text.match(/\s*\S+|\s+$/g) ?? [];
    const began = this.now();
    let written = 0;
    while (written < tokens.length && !this.#stopped.has(id)) {
      await this.#wait(16);
      const due = this.#instant
        ? written + 3
        : Math.ceil(((this.now() - began) / 1000) * script.tokensPerSecond);
      const delta = tokens.slice(written, due).join('');
      written = Math.min(due, tokens.length);
      if (!delta) continue;
      answer.content += delta;
      onEvent({ type: 'text', delta, predictedN: written });
    }
    return written;
  }

  #refuseWhenBusy() {
    const { status } = this.state;
    if (status === 'understanding' || status === 'writing') throw fakeError('busy');
  }

  async #ensureLoaded() {
    if (this.state.status === 'ready') return;
    const entry = modelToLoad(this.#models);
    if (!entry) throw fakeError('noModel');
    await this.loadModel(entry.path, { nCtx: null, nGpuLayers: null, nThreads: null });
  }

  #newConversation({ content, setup }: ChatRequest, now: number) {
    const conversation = newConversation(this.newId('c'), content, now);
    conversation.setup = structuredClone(setup ?? this.setupOfNew());
    this.conversations.set(conversation.id, conversation);
    return conversation;
  }

  message(
    conversationId: string,
    parentId: string | null,
    role: Message['role'],
    content: string,
  ): Message {
    const at = { conversationId, parentId, createdAtMs: this.now() };
    return newMessage({ ...at, id: this.newId('m'), role, content });
  }

  find(id: string) {
    const conversation = this.conversations.get(id);
    if (!conversation) throw fakeError('notFound');
    return conversation;
  }

  #list() {
    return [...this.conversations.values()]
      .sort((a, b) => b.updatedAtMs - a.updatedAtMs)
      .map(summary);
  }

  #tell(state: EngineState) {
    this.state = state;
    for (const listener of this.#stateListeners) listener(state);
  }

  listChanged() {
    const list = this.#list();
    for (const listener of this.#listListeners) listener(list);
  }

  newId(prefix: string) {
    this.#ids += 1;
    return `${prefix}${this.#ids}`;
  }

  #wait(ms: number) {
    return this.#instant ? Promise.resolve() : new Promise<void>((done) => setTimeout(done, ms));
  }
}
