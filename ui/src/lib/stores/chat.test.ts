import { describe, expect, it, vi } from 'vitest';
import { plainConversation, plainMessage } from '../host/fake-samples';
import { HeldAnswer, startedApp } from '../../test/hosts';
import { fakeError } from '../host/fake-script';
import { splitBlocks } from '../markdown/splitter';

const last = <T>(list: readonly T[]): T => list[list.length - 1]!;

describe('sending a message', () => {
  it('makes a conversation, streams the answer and keeps its timings', async () => {
    const { app } = await startedApp();
    await app.chat.send('Count to 20');
    const { current } = app.chat;
    expect(current.shown.map((m) => m.role)).toEqual(['user', 'assistant']);
    expect(last(current.shown).content).toContain('19, 20.');
    expect(last(current.shown).finishReason).toBe('stop');
    expect(last(current.shown).timings?.predictedN).toBe(20);
    expect(current.run).toBeNull();
    expect(app.conversations.list[0]?.id).toBe(current.id);
  });

  it('answers after the message that is shown last', async () => {
    const { app } = await startedApp();
    await app.chat.send('first');
    const head = app.chat.current.headId;
    await app.chat.send('second');
    expect(app.chat.current.shown).toHaveLength(4);
    expect(app.chat.current.shown[2]?.parentId).toBe(head);
  });

  it('loads a model first when there is none', async () => {
    const { app } = await startedApp({ loaded: false });
    expect(app.engine.state.status).toBe('noModel');
    await app.chat.send('Count to 20');
    expect(app.engine.state.status).toBe('ready');
    expect(last(app.chat.current.shown).finishReason).toBe('stop');
  });

  it('does not send nothing, nor twice at a time', async () => {
    const held = new HeldAnswer();
    const { app } = await startedApp({}, { chatSend: held.chatSend });
    await app.chat.send('   \n');
    void app.chat.send('one');
    void app.chat.send('two');
    expect(held.requests).toHaveLength(1);
  });

  it('shows the text at most once per frame, however many events come', async () => {
    const held = new HeldAnswer();
    const { app } = await startedApp({}, { chatSend: held.chatSend });
    const frames: FrameRequestCallback[] = [];
    vi.spyOn(window, 'requestAnimationFrame').mockImplementation((run) => frames.push(run));
    const sent = app.chat.send('hello');
    held.start();
    const run = app.chat.current.run!;
    for (let n = 1; n <= 50; n += 1) held.emit({ type: 'text', delta: 'word ', predictedN: n });
    expect(run.document.pages).toHaveLength(0);
    expect(frames).toHaveLength(1);
    frames[0]?.(0);
    expect(run.predictedN).toBe(50);
    expect(run.document.pages).toHaveLength(1);
    held.finish('word '.repeat(50));
    await sent;
  });

  it('shows after the end exactly what was stored, without parsing it again', async () => {
    const { app } = await startedApp();
    await app.chat.send('/demo');
    const answer = last(app.chat.current.shown);
    const document = app.chat.current.documentFor(answer);
    const shown = document.pages.flatMap((page) => page.blocks);
    expect(shown).toEqual(splitBlocks(answer.content));
    expect(app.chat.current.documentFor(answer)).toBe(document);
  });
});

describe('a refused message', () => {
  it('is back in the composer, with the reason', async () => {
    const { app } = await startedApp();
    app.chat.current.draft = '/refuse promptTooLong and the rest';
    await app.chat.send();
    expect(app.chat.current.draft).toBe('/refuse promptTooLong and the rest');
    expect(app.chat.current.error?.code).toBe('promptTooLong');
    expect(app.chat.current.shown).toHaveLength(0);
    expect(app.chat.current.run).toBeNull();
  });

  it('does not overwrite what was typed in the meantime', async () => {
    const held = new HeldAnswer();
    const { app } = await startedApp({}, { chatSend: held.chatSend });
    app.chat.current.draft = 'first';
    const sent = app.chat.send();
    app.chat.current.draft = 'second';
    held.fail(fakeError('busy'));
    await sent;
    expect(app.chat.current.draft).toBe('first\n\nsecond');
  });

  it('can be taken along into a new chat', async () => {
    const { app } = await startedApp();
    await app.chat.send('Count to 20');
    app.chat.current.draft = '/refuse promptTooLong';
    await app.chat.send();
    app.chat.startOver(app.chat.current.draft);
    expect(app.chat.current.id).toBeNull();
    expect(app.chat.current.draft).toBe('/refuse promptTooLong');
  });

  it('survives a host that rejects with something that is no error', async () => {
    const { app } = await startedApp({}, { chatSend: () => Promise.reject(new Error('boom')) });
    app.chat.current.draft = 'hello';
    await app.chat.send();
    expect(app.chat.current.error?.code).toBe('internal');
    expect(app.chat.current.error?.details).toContain('boom');
    expect(app.chat.current.draft).toBe('hello');
  });
});

describe('an answer that breaks off', () => {
  it('keeps its text and carries the reason', async () => {
    const { app } = await startedApp();
    await app.chat.send('/fail engineDied');
    const answer = last(app.chat.current.shown);
    expect(answer.finishReason).toBe('interrupted');
    expect(answer.content).toContain('begins well');
    expect(answer.error?.code).toBe('engineDied');
  });

  it('is read from the store again when the host goes away without a last event', async () => {
    const held = new HeldAnswer();
    const stored = {
      id: 'c9',
      title: 'hello',
      headId: 'a9',
      ...plainConversation,
      messages: [
        { id: 'u9', conversationId: 'c9', parentId: null, role: 'user', content: 'hello' },
        { id: 'a9', conversationId: 'c9', parentId: 'u9', role: 'assistant', content: 'partial' },
      ].map((m) => ({
        ...m,
        role: m.role as 'user',
        createdAtMs: 1,
        finishReason: null,
        timings: null,
        error: null,
        modelName: null,
        ...plainMessage,
      })),
    };
    const { app } = await startedApp(
      {},
      { chatSend: held.chatSend, getConversation: () => Promise.resolve(stored) },
    );
    const sent = app.chat.send('hello');
    held.start();
    held.emit({ type: 'text', delta: 'part', predictedN: 1 });
    held.fail(fakeError('internal'));
    await sent;
    expect(app.chat.current.run).toBeNull();
    expect(last(app.chat.current.shown).content).toBe('partial');
    expect(app.chat.current.error?.code).toBe('internal');
  });
});

describe('stopping', () => {
  it('keeps what was written', async () => {
    const stops: string[] = [];
    const held = new HeldAnswer();
    const chatStop = (id: string) => Promise.resolve(void stops.push(id));
    const { app } = await startedApp({}, { chatSend: held.chatSend, chatStop });
    const sent = app.chat.send('hello');
    held.start();
    held.emit({ type: 'text', delta: 'half an', predictedN: 2 });
    await app.chat.stop();
    await app.chat.stop();
    expect(stops).toEqual(['c9']);
    held.finish('half an', 'cancelled');
    await sent;
    expect(last(app.chat.current.shown).content).toBe('half an');
    expect(last(app.chat.current.shown).finishReason).toBe('cancelled');
  });

  it('before the conversation exists takes effect as soon as it does', async () => {
    const stops: string[] = [];
    const held = new HeldAnswer();
    const chatStop = (id: string) => Promise.resolve(void stops.push(id));
    const { app } = await startedApp({}, { chatSend: held.chatSend, chatStop });
    void app.chat.send('hello');
    await app.chat.stop();
    expect(stops).toEqual([]);
    held.start();
    expect(stops).toEqual(['c9']);
  });
});

describe('trying again', () => {
  it('writes another answer beside the first, and both can be shown', async () => {
    const { app } = await startedApp();
    await app.chat.send('/fail engineDied');
    const first = last(app.chat.current.shown);
    await app.chat.retry(first.id);
    const second = last(app.chat.current.shown);
    expect(second.id).not.toBe(first.id);
    expect(second.parentId).toBe(first.parentId);
    expect(app.chat.current.siblings(second).map((m) => m.id)).toEqual([first.id, second.id]);
    app.chat.choose(first.id);
    expect(last(app.chat.current.shown).id).toBe(first.id);
    app.chat.choose(second.id);
    expect(last(app.chat.current.shown).id).toBe(second.id);
  });

  it('goes on in the branch that is shown', async () => {
    const { app } = await startedApp();
    await app.chat.send('Count to 20');
    const first = last(app.chat.current.shown);
    await app.chat.retry(first.id);
    app.chat.choose(first.id);
    await app.chat.send('and then');
    expect(app.chat.current.shown.map((m) => m.id)).toContain(first.id);
    expect(app.chat.current.shown).toHaveLength(4);
  });

  it('leaves the old answer in place when it is refused', async () => {
    const { app } = await startedApp({}, { chatRetry: () => Promise.reject(fakeError('busy')) });
    await app.chat.send('Count to 20');
    const answer = last(app.chat.current.shown);
    await app.chat.retry(answer.id);
    expect(last(app.chat.current.shown).id).toBe(answer.id);
    expect(app.chat.current.error?.code).toBe('busy');
    expect(app.chat.current.draft).toBe('');
  });
});

describe('several conversations', () => {
  it('keep what is being typed in each', async () => {
    const { app } = await startedApp();
    await app.chat.send('one');
    const one = app.chat.current.id!;
    app.chat.current.draft = 'for one';
    app.chat.newChat();
    app.chat.current.draft = 'for a new chat';
    await app.chat.open(one);
    expect(app.chat.current.draft).toBe('for one');
    app.chat.newChat();
    expect(app.chat.current.draft).toBe('for a new chat');
  });

  it('let an answer go on while another conversation is open', async () => {
    const held = new HeldAnswer();
    const { app } = await startedApp({}, { chatSend: held.chatSend });
    const sent = app.chat.send('hello');
    held.start();
    app.chat.newChat();
    expect(app.chat.isAnswering('c9')).toBe(true);
    expect(app.chat.current.shown).toHaveLength(0);
    await app.chat.open('c9').catch(() => undefined);
    held.emit({ type: 'text', delta: 'done', predictedN: 1 });
    expect(app.chat.current.run?.document.length).toBe(4);
    app.chat.newChat();
    held.finish('done');
    await sent;
    expect(app.chat.isAnswering('c9')).toBe(false);
  });

  it('show why one cannot be opened', async () => {
    const { app } = await startedApp();
    await app.chat.open('never-there');
    expect(app.chat.current.error?.code).toBe('notFound');
  });
});

describe('deleting', () => {
  it('can be undone, and opens the conversation again', async () => {
    const { app } = await startedApp();
    await app.chat.send('Count to 20');
    const id = app.chat.current.id!;
    await app.chat.remove(id);
    expect(app.conversations.list).toHaveLength(0);
    expect(app.chat.current.id).toBeNull();
    expect(last(app.conversations.deleted).id).toBe(id);
    await app.chat.undoDelete();
    expect(app.conversations.list.map((c) => c.id)).toEqual([id]);
    expect(app.conversations.deleted).toHaveLength(0);
    expect(app.chat.current.id).toBe(id);
    expect(app.chat.current.shown).toHaveLength(2);
  });

  it('stops the answer that is being written first', async () => {
    const calls: string[] = [];
    const held = new HeldAnswer();
    const { app } = await startedApp(
      {},
      {
        chatSend: held.chatSend,
        chatStop: (id) => Promise.resolve(void calls.push(`stop ${id}`)),
        deleteConversation: (id) => Promise.resolve(void calls.push(`delete ${id}`)),
      },
    );
    void app.chat.send('hello');
    held.start();
    await app.chat.remove('c9');
    expect(calls).toEqual(['stop c9', 'delete c9']);
  });

  it('that fails leaves the conversation where it was', async () => {
    const refuse = () => Promise.reject(fakeError('storage'));
    const { app } = await startedApp({}, { deleteConversation: refuse });
    await app.chat.send('Count to 20');
    await app.chat.remove(app.chat.current.id!);
    expect(app.conversations.list).toHaveLength(1);
    expect(app.conversations.problem?.code).toBe('storage');
    expect(app.chat.current.shown).toHaveLength(2);
  });
});

describe('renaming', () => {
  it('shows at once and goes back when it cannot be stored', async () => {
    const { app } = await startedApp(
      {},
      { renameConversation: () => Promise.reject(fakeError('storage')) },
    );
    await app.chat.send('Count to 20');
    const before = app.conversations.list[0]!.title;
    const renamed = app.conversations.rename(app.chat.current.id!, 'Numbers');
    expect(app.conversations.list[0]?.title).toBe('Numbers');
    await renamed;
    expect(app.conversations.list[0]?.title).toBe(before);
  });

  it('ignores an empty name', async () => {
    const { app } = await startedApp();
    await app.chat.send('Count to 20');
    await app.conversations.rename(app.chat.current.id!, '   ');
    expect(app.conversations.list[0]?.title).toBe('Count to 20');
  });
});

describe('the voice for screen readers', () => {
  it('says that an answer is finished, not each token', async () => {
    const said: string[] = [];
    const { app } = await startedApp();
    vi.spyOn(app.announcer, 'say').mockImplementation((text) => void said.push(text));
    await app.chat.send('Count to 20');
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^Answer finished, ⚡/);
  });
});
