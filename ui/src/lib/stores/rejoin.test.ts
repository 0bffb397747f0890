import { describe, expect, it, vi } from 'vitest';
import { plainConversation, plainMessage } from '../host/fake-samples';
import { HeldAnswer, startedApp } from '../../test/hosts';

const last = <T>(list: readonly T[]): T => list[list.length - 1]!;

describe('an answer that was on its way before the page was there', () => {
  const unfinished = (content: string, finishReason: null | 'stop' = null) => {
    const base = {
      ...plainMessage,
      conversationId: 'c9',
      createdAtMs: 1,
      timings: null,
      error: null,
      modelName: 'Test',
    };
    return {
      id: 'c9',
      title: 'hello',
      headId: 'a9',
      ...plainConversation,
      messages: [
        {
          ...base,
          id: 'u9',
          parentId: null,
          role: 'user' as const,
          content: 'hello',
          finishReason: null,
        },
        { ...base, id: 'a9', parentId: 'u9', role: 'assistant' as const, content, finishReason },
      ],
    };
  };

  it('is joined and shown to its end', async () => {
    const held = new HeldAnswer();
    const { app } = await startedApp(
      {},
      {
        getConversation: () => Promise.resolve(unfinished('One')),
        chatFollow: (id, onEvent) =>
          held.chatSend(
            { conversationId: id, parentId: null, content: '', attachments: [], setup: null },
            onEvent,
          ),
      },
    );
    const opened = app.chat.open('c9');
    await vi.waitFor(() => expect(held.requests).toHaveLength(1));
    held.start();
    held.emit({ type: 'text', delta: 'One two', predictedN: 2 });
    expect(app.chat.isAnswering('c9')).toBe(true);
    held.finish('One two three');
    held.end();
    await opened;
    expect(last(app.chat.current.shown).content).toBe('One two three');
    expect(app.chat.current.run).toBeNull();
  });

  it('goes on after the text it had, also when it waits in line first', async () => {
    const held = new HeldAnswer();
    const { app } = await startedApp(
      {},
      {
        getConversation: () => Promise.resolve(unfinished('One')),
        chatFollow: (id, onEvent) =>
          held.chatSend(
            { conversationId: id, parentId: null, content: '', attachments: [], setup: null },
            onEvent,
          ),
      },
    );
    const opened = app.chat.open('c9');
    await vi.waitFor(() => expect(held.requests).toHaveLength(1));
    held.start('hello', 'c9', 'One');
    held.emit({ type: 'queued', position: 1, behind: null });
    const run = app.chat.current.run!;
    expect(run.queue).toMatchObject({ position: 1 });
    held.emit({ type: 'text', delta: ' two', predictedN: 1 });
    expect(run.queue).toBeNull();
    expect(run.document.length).toBe('One two'.length);
    held.finish('One two');
    await opened;
    const answer = last(app.chat.current.shown);
    expect(app.chat.current.documentFor(answer)).toBe(run.document);
  });

  it('is read again when it ended in between', async () => {
    let reads = 0;
    const getConversation = () => {
      reads += 1;
      return Promise.resolve(reads === 1 ? unfinished('One') : unfinished('One two', 'stop'));
    };
    const { app } = await startedApp({}, { getConversation, chatFollow: () => Promise.resolve() });
    await app.chat.open('c9');
    expect(last(app.chat.current.shown)).toMatchObject({
      content: 'One two',
      finishReason: 'stop',
    });
    expect(reads).toBe(2);
  });
});
