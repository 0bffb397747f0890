import { describe, expect, it } from 'vitest';
import { HeldAnswer, startedApp } from '../../test/hosts';

const last = <T>(list: readonly T[]): T => list[list.length - 1]!;

describe('leading to a message', () => {
  it('opens its conversation, switches to its branch and tells the host', async () => {
    const shown: string[][] = [];
    const showBranch = (...args: [string, string]) => Promise.resolve(void shown.push(args));
    const { app } = await startedApp({}, { showBranch });
    await app.chat.send('Count to 20');
    const id = app.chat.current.id!;
    const first = last(app.chat.current.shown);
    await app.chat.retry(first.id);
    app.chat.newChat();
    await app.chat.reveal(id, first.id);
    expect(app.chat.current.id).toBe(id);
    expect(last(app.chat.current.shown).id).toBe(first.id);
    expect(app.chat.current.target?.messageId).toBe(first.id);
    expect(shown).toEqual([[id, first.id]]);
  });

  it('leaves the branch alone when the message is on it', async () => {
    const { app } = await startedApp();
    await app.chat.send('one');
    const first = app.chat.current.shown[0]!;
    await app.chat.send('two');
    await app.chat.reveal(app.chat.current.id!, first.id);
    expect(app.chat.current.shown).toHaveLength(4);
  });

  it('only opens the conversation when no message is named, or it is gone', async () => {
    const { app } = await startedApp();
    await app.chat.send('one');
    const id = app.chat.current.id!;
    app.chat.newChat();
    await app.chat.reveal(id, null);
    expect(app.chat.current.shown).toHaveLength(2);
    await app.chat.reveal(id, 'gone');
    expect(app.chat.current.target).toBeNull();
  });
});

describe('two conversations at once', () => {
  it('are written in while the other one answers', async () => {
    const one = new HeldAnswer();
    const two = new HeldAnswer();
    let turn = 0;
    const chatSend: HeldAnswer['chatSend'] = (request, onEvent) =>
      (turn++ === 0 ? one : two).chatSend(request, onEvent);
    const { app } = await startedApp({}, { chatSend });
    const first = app.chat.send('one');
    one.start('one');
    app.chat.newChat();
    const second = app.chat.send('two');
    two.start('two', 'c8');
    two.emit({ type: 'queued', position: 2, behind: 'one' });
    const run = app.chat.current.run!;
    expect(run.queue).toMatchObject({ position: 2, behind: 'one' });
    expect(app.chat.isAnswering('c8') && app.chat.isAnswering('c9')).toBe(true);
    one.emit({ type: 'text', delta: 'for one', predictedN: 1 });
    expect(run.document.length).toBe(0);
    one.finish('for one');
    await first;
    expect(app.chat.isAnswering('c9')).toBe(false);
    expect(app.chat.isAnswering('c8')).toBe(true);
    two.emit({ type: 'progress', processed: 1, total: 9, cached: 0 });
    expect(run.queue).toBeNull();
    two.finish('for two', 'stop', 'c8');
    await second;
    expect(last(app.chat.current.shown).content).toBe('for two');
    expect(app.chat.isAnswering('c8')).toBe(false);
  });
});

describe('going on with an answer', () => {
  it('adds to the text it had, in the same message', async () => {
    const { app } = await startedApp();
    await app.chat.send('Count to 20');
    const before = last(app.chat.current.shown);
    await app.chat.goOn(before.id);
    const after = last(app.chat.current.shown);
    expect(after.id).toBe(before.id);
    expect(after.content).toBe(`${before.content} And this is how it goes on.`);
    expect(app.chat.current.shown).toHaveLength(2);
  });

  it('begins with the text it had, before anything new has come', async () => {
    const held = new HeldAnswer();
    const { app } = await startedApp(
      {},
      {
        chatSend: held.chatSend,
        chatContinue: (_id, onEvent) =>
          held.chatSend(
            { conversationId: 'c9', parentId: null, content: '', attachments: [], setup: null },
            onEvent,
          ),
      },
    );
    const sent = app.chat.send('hello');
    held.start();
    held.finish('One two', 'cancelled');
    await sent;
    const goesOn = app.chat.goOn('a9');
    held.start('hello', 'c9', 'One two');
    const run = app.chat.current.run!;
    expect(run.document.pages[0]?.blocks).toHaveLength(1);
    held.emit({ type: 'text', delta: ' three', predictedN: 1 });
    held.finish('One two three');
    await goesOn;
    const document = app.chat.current.documentFor(last(app.chat.current.shown));
    expect(document).toBe(run.document);
    expect(document.length).toBe('One two three'.length);
  });
});

describe('another text in the place of a message', () => {
  it('begins a branch beside the first', async () => {
    const { app } = await startedApp();
    await app.chat.send('one');
    await app.chat.send('two');
    const second = app.chat.current.shown[2]!;
    expect(await app.chat.sendInstead(second.id, 'three', [])).toBe(true);
    const { shown } = app.chat.current;
    expect(shown).toHaveLength(4);
    expect(shown[2]).toMatchObject({ content: 'three', parentId: second.parentId });
    expect(app.chat.current.siblings(shown[2]!)).toHaveLength(2);
  });

  it('that is refused leaves the branch and the draft as they were', async () => {
    const { app } = await startedApp();
    await app.chat.send('one');
    app.chat.current.draft = 'typed';
    const first = app.chat.current.shown[0]!;
    expect(await app.chat.sendInstead(first.id, '/refuse busy', [])).toBe(false);
    expect(app.chat.current.shown).toHaveLength(2);
    expect(app.chat.current.draft).toBe('typed');
    expect(app.chat.current.error?.code).toBe('busy');
  });
});
