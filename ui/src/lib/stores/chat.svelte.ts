import { errorWords } from '../format/errors';
import { metricsLine } from '../format/metrics';
import {
  asApiError,
  type ApiError,
  type ChatEvent,
  type Host,
  type Message,
  type NewAttachment,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import { AnswerVoice } from './answer-voice.svelte';
import { bench } from './bench';
import type { ConversationsStore } from './conversations.svelte';
import type { Outgoing } from './outgoing';
import { Run, Thread } from './thread.svelte';

/**
 * Owns which conversation is open and every answer on its way: sending, stopping, trying again,
 * and what becomes of typed text when something is refused. Does not own the list of conversations
 * nor the engine's state; an answer in a conversation that is not open goes on by itself.
 */
export class ChatStore {
  current = $state.raw(new Thread(null));
  /** What a screen reader is told of the answer in the open conversation. */
  readonly voice = new AnswerVoice();

  #threads = new Map<string, Thread>();
  #host: Host;
  #conversations: ConversationsStore;
  #announcer: Announcer;
  #outgoing: Outgoing;

  constructor(
    host: Host,
    conversations: ConversationsStore,
    announcer: Announcer,
    outgoing: Outgoing,
  ) {
    this.#host = host;
    this.#conversations = conversations;
    this.#announcer = announcer;
    this.#outgoing = outgoing;
  }

  /** A blank thread keeps its draft: it is the same one until a message is sent from it. */
  #blank: Thread = this.current;

  newChat() {
    if (this.#blank.id !== null || this.#blank.run) this.#blank = new Thread(null);
    this.#show(this.#blank);
  }

  async open(id: string) {
    const { thread, fresh } = await this.#opened(id);
    if (fresh) await this.#rejoin(thread);
  }

  /**
   * Leads to a message wherever it is: in another conversation, on another branch, far up. Resolves
   * when it can be shown; the conversation then brings it into view. null: just opens.
   */
  async reveal(conversationId: string, messageId: string | null) {
    const { thread, fresh } = await this.#opened(conversationId);
    if (fresh) void this.#rejoin(thread);
    if (messageId === null || !thread.message(messageId)) return;
    const shown = thread.shown.some((m) => m.id === messageId);
    // Before the host has stored a question, the end of the branch belongs to it.
    if (!shown && thread.run && !thread.run.started) return;
    if (!shown) this.#showBranch(thread, messageId);
    thread.target = { messageId };
  }

  async #opened(id: string): Promise<{ thread: Thread; fresh: boolean }> {
    const thread = this.#threads.get(id) ?? new Thread(id);
    this.#threads.set(id, thread);
    this.#show(thread);
    const fresh = !thread.loaded;
    if (fresh) await this.#read(thread);
    return { thread, fresh };
  }

  isAnswering(id: string): boolean {
    return this.#answering.has(id);
  }
  #answering = $state.raw<ReadonlySet<string>>(new Set());

  async send(text: string = this.current.draft) {
    const thread = this.current;
    const content = text.trim();
    if (thread.run || (content === '' && !this.#outgoing.hasFiles(thread))) return;
    // Faster than the store: the answer must go after the last message, so that has to be known.
    if (!thread.loaded) await this.#read(thread);
    // An example is sent past the composer; what was typed and attached there stays.
    const typed = text === thread.draft;
    // What was typed before came back with the messages: its files wait for it.
    if (content === '' && !typed) return;
    const extras = this.#outgoing.take(thread, typed);
    const request = { conversationId: thread.id, parentId: thread.headId, content, ...extras };
    const run = new Run(content);
    if (typed) thread.draft = '';
    await this.#follow(thread, run, (onEvent) => this.#host.chatSend(request, onEvent));
    if (!run.started) this.#outgoing.giveBack(thread, extras);
  }

  /** Writes another answer beside this one. */
  async retry(answerId: string) {
    const thread = this.current;
    const answer = thread.message(answerId);
    if (!answer || thread.run) return;
    const headId = thread.headId;
    thread.headId = answer.parentId;
    const run = new Run(null);
    await this.#follow(thread, run, (onEvent) => this.#host.chatRetry(answerId, onEvent));
    if (!run.started) thread.headId = headId;
  }

  /** Sends another text in the place of a message: a branch of its own. False when it was refused. */
  async sendInstead(messageId: string, text: string, attachments: NewAttachment[]) {
    const thread = this.current;
    const old = thread.message(messageId);
    const content = text.trim();
    if (!old || content === '' || thread.run) return false;
    const request = {
      conversationId: thread.id,
      parentId: old.parentId,
      content,
      attachments,
      setup: null,
    };
    const run = new Run(content);
    run.replaces = messageId;
    const { headId } = thread;
    thread.headId = old.parentId;
    await this.#follow(thread, run, (onEvent) => this.#host.chatSend(request, onEvent));
    if (!run.started) thread.headId = headId;
    return run.started;
  }

  /** Goes on with an answer that was cut off, stopped or changed. */
  async goOn(answerId: string) {
    const thread = this.current;
    if (!thread.message(answerId) || thread.run) return;
    const run = new Run(null, answerId);
    await this.#follow(thread, run, (onEvent) => this.#host.chatContinue(answerId, onEvent));
  }

  async stop() {
    const thread = this.current;
    const { run } = thread;
    if (!run || run.stopAsked) return;
    run.stopAsked = true;
    await this.#tellStop(thread);
  }

  /** Shows another answer to the same message, and what followed it. */
  choose(messageId: string) {
    const thread = this.current;
    if (!thread.run) this.#showBranch(thread, messageId);
  }

  #showBranch(thread: Thread, messageId: string) {
    const leaf = thread.tree.newestLeaf(messageId);
    thread.headId = leaf;
    if (thread.id === null) return;
    this.#host.showBranch(thread.id, leaf).catch((reason: unknown) => {
      thread.error = asApiError(reason);
    });
  }

  /** The text that did not fit goes with the reader into a new conversation. */
  startOver(text: string) {
    const { current } = this;
    current.error = null;
    if (current.draft.trim() === text.trim()) current.draft = '';
    this.newChat();
    this.current.draft = joined(text, this.current.draft);
    this.#outgoing.move(current, this.current);
  }

  async remove(id: string) {
    const thread = this.#threads.get(id);
    if (thread?.run) await this.#tellStop(thread);
    if (!(await this.#conversations.remove(id))) return;
    if (this.current.id === id) this.newChat();
    this.#threads.delete(id);
  }

  async undoDelete() {
    const back = await this.#conversations.undoDelete();
    if (back) await this.open(back.id);
  }

  #show(thread: Thread) {
    if (thread === this.current) return;
    const left = this.current;
    this.current = thread;
    left.release();
  }

  async #read(thread: Thread) {
    if (thread.id === null) return;
    try {
      thread.take(await this.#host.getConversation(thread.id));
      thread.error = null;
    } catch (reason) {
      thread.error = asApiError(reason);
      thread.loaded = true;
    }
  }

  /** The page was reloaded, or another window asked: the answer goes on, and is shown as it does. */
  async #rejoin(thread: Thread) {
    const { id } = thread;
    if (id === null || thread.run || !hasOpenAnswer(thread)) return;
    const run = new Run(null);
    await this.#follow(thread, run, (onEvent) => this.#host.chatFollow(id, onEvent));
    // It ended between the two questions.
    if (!run.started) await this.#read(thread);
  }

  async #follow(thread: Thread, run: Run, ask: (onEvent: (e: ChatEvent) => void) => Promise<void>) {
    thread.run = run;
    thread.error = null;
    try {
      await ask((event) => this.#take(thread, run, event));
      // Ended without a last event: the store knows how it ended.
      if (thread.run === run) await this.#settle(thread, run, null);
    } catch (reason) {
      const error = asApiError(reason);
      if (thread.run === run) await this.#settle(thread, run, error);
    }
  }

  #take(thread: Thread, run: Run, event: ChatEvent) {
    switch (event.type) {
      case 'started':
        thread.id = event.conversation.id;
        this.#threads.set(event.conversation.id, thread);
        this.#mark(event.conversation.id, true);
        this.#conversations.touch(event.conversation);
        thread.put(event.userMessage);
        thread.put(event.answer);
        thread.headId = event.answer.id;
        run.startWith(event.answer);
        if (thread === this.current) this.voice.begin(run.document, performance.now());
        if (run.stopAsked) void this.#tellStop(thread);
        return;
      case 'queued':
        run.queue = event;
        return;
      case 'progress':
        run.noteProgress(event, performance.now());
        return;
      case 'text':
        run.queue = null;
        run.document.push(event.delta);
        bench?.received(event.predictedN);
        this.#paint(run, event.predictedN);
        return;
      case 'done':
        this.#finish(thread, run, event.message);
    }
  }

  /** The screen follows at most once per frame, however fast the text comes. */
  #paint(run: Run, predictedN: number) {
    const first = this.#due.size === 0;
    this.#due.set(run, predictedN);
    if (!first) return;
    onFrame(() => {
      for (const [due, count] of this.#due) {
        due.document.publish();
        due.predictedN = count;
        if (due === this.current.run) this.voice.follow(due.document, performance.now());
      }
      this.#due.clear();
      bench?.framed();
    });
  }
  #due = new Map<Run, number>();

  #finish(thread: Thread, run: Run, message: Message) {
    run.document.finish();
    if (thread === this.current) this.voice.finish(run.document, performance.now());
    thread.keepDocument(message, run.document);
    thread.put(message);
    thread.run = null;
    if (thread.id !== null) this.#mark(thread.id, false);
    if (thread !== this.current) thread.release();
    this.#announce(thread, message);
  }

  /** The host went away in the middle. Nothing typed and nothing written may be lost. */
  async #settle(thread: Thread, run: Run, error: ApiError | null) {
    if (!run.started) {
      if (run.pending !== null && run.replaces === null)
        thread.draft = joined(run.pending, thread.draft);
      thread.run = null;
      thread.error = error;
      return;
    }
    run.document.finish();
    await this.#read(thread);
    thread.run = null;
    if (thread.id !== null) this.#mark(thread.id, false);
    const answer = run.answerId === null ? null : thread.message(run.answerId);
    if (error && !answer?.error) thread.error = error;
  }

  async #tellStop(thread: Thread) {
    if (thread.id === null) return;
    try {
      await this.#host.chatStop(thread.id);
    } catch (reason) {
      thread.error = asApiError(reason);
      if (thread.run) thread.run.stopAsked = false;
    }
  }

  #mark(id: string, answering: boolean) {
    const next = new Set(this.#answering);
    if (answering) next.add(id);
    else next.delete(id);
    this.#answering = next;
  }

  #announce(thread: Thread, { finishReason, timings, error }: Message) {
    if (error) {
      // In the open conversation the error card speaks for itself.
      if (thread !== this.current)
        this.#announcer.say(t('announce.broken', { message: errorWords(error) }));
    } else if (finishReason === 'cancelled') this.#announcer.say(t('announce.stopped'));
    else if (timings)
      this.#announcer.say(t('announce.finished', { metrics: metricsLine(timings) }));
    else this.#announcer.say(t('announce.finishedPlain'));
  }
}

/** An answer without an end is being written, or waits for its turn; not only at the end shown. */
function hasOpenAnswer(thread: Thread): boolean {
  return thread.messages.some((m) => m.role === 'assistant' && m.finishReason === null);
}

/** What came back, and below it what has been typed since. */
function joined(first: string, second: string): string {
  if (first === '') return second;
  if (second.trim() === '' || second.trim() === first.trim()) return first;
  return `${first}\n\n${second}`;
}

/** A hidden window has no frames; the text must not pile up unseen until it is shown again. */
function onFrame(run: () => void) {
  if (document.visibilityState === 'hidden') setTimeout(run, 250);
  else requestAnimationFrame(run);
}
