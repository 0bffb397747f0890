import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import { HeldAnswer, startedApp } from '../../test/hosts';
import { fakeError } from '../host/fake-script';
import { plainConversation, sampleConversations } from '../host/fake-samples';

const conversations = sampleConversations(Date.now());

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An app over a host whose drafts are looked at. */
async function drafting(change: Parameters<typeof startedApp>[1] = {}) {
  const { app, host } = await startedApp({ conversations }, change);
  const type = (text: string) => {
    app.chat.current.draft = text;
    app.drafts.note(app.chat.current);
  };
  return { app, host, type };
}

describe('a draft', () => {
  it('is stored in the first pause, once, with all that was typed until then', async () => {
    const stored: unknown[] = [];
    const saveDraft = async (id: string | null, text: string) => void stored.push([id, text]);
    const { type } = await drafting({ saveDraft });
    type('a');
    await vi.advanceTimersByTimeAsync(300);
    type('ab');
    await vi.advanceTimersByTimeAsync(300);
    expect(stored).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(stored).toEqual([[null, 'ab']]);
  });

  it('is there again after a restart: of a conversation with it, of the new chat by itself', async () => {
    const { app, host, type } = await drafting();
    type('for a new chat');
    await app.drafts.flush(app.chat.current);
    await app.chat.open('s1');
    type('for this one');
    await app.drafts.flush(app.chat.current);
    expect(await host.draft(null)).toBe('for a new chat');
    expect((await host.getConversation('s1')).draft).toBe('for this one');

    const again = await startedApp({
      conversations: [{ ...conversations[0]!, ...plainConversation, draft: 'for this one' }],
    });
    await again.host.saveDraft(null, 'for a new chat');
    await again.app.drafts.readBlank(again.app.chat.current);
    expect(again.app.chat.current.draft).toBe('for a new chat');
    await again.app.chat.open('s1');
    expect(again.app.chat.current.draft).toBe('for this one');
  });

  it('does not come back from the disk over what is in the field', async () => {
    const { app, type } = await drafting();
    await app.chat.open('s1');
    type('old');
    await app.drafts.flush(app.chat.current);
    type('');
    app.chat.newChat();
    await app.chat.open('s1');
    expect(app.chat.current.draft).toBe('');
  });

  it('stays on the disk until the message is stored, and is cleared then', async () => {
    const held = new HeldAnswer();
    const { app, host, type } = await drafting({ chatSend: held.chatSend });
    type('hello');
    await app.drafts.flush(app.chat.current);
    void app.chat.send();
    app.drafts.note(app.chat.current);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await host.draft(null)).toBe('hello');
    held.start();
    await vi.advanceTimersByTimeAsync(500);
    expect(await host.draft(null)).toBe('');
  });

  it('that comes back with a refused message is stored again', async () => {
    const { app, host, type } = await drafting();
    type('/refuse busy');
    await app.drafts.flush(app.chat.current);
    const sent = app.chat.send();
    await vi.advanceTimersByTimeAsync(1000);
    await sent;
    app.drafts.note(app.chat.current);
    await app.drafts.flushAll();
    expect(app.chat.current.draft).toBe('/refuse busy');
    expect(await host.draft(null)).toBe('/refuse busy');
  });

  it('that cannot be stored says why, and is tried again', async () => {
    let full = true;
    const stored: string[] = [];
    const saveDraft = (_: string | null, text: string) => {
      if (full) return Promise.reject(fakeError('storage'));
      return Promise.resolve(void stored.push(text));
    };
    const { app, type } = await drafting({ saveDraft });
    type('precious');
    await app.drafts.flush(app.chat.current);
    expect(app.drafts.problem?.code).toBe('storage');
    full = false;
    app.drafts.note(app.chat.current);
    await app.drafts.flushAll();
    expect(stored).toEqual(['precious']);
    expect(app.drafts.problem).toBeNull();
  });

  it('of a deleted conversation is no problem', async () => {
    const { app, type } = await drafting({
      saveDraft: () => Promise.reject(fakeError('notFound')),
    });
    type('gone');
    await app.drafts.flush(app.chat.current);
    expect(app.drafts.problem).toBeNull();
  });
});
