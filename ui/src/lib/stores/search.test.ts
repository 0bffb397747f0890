import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeError } from '../host/fake-script';
import type { Host, SearchHit } from '../host';
import { SearchStore } from './search.svelte';

const hit = (title: string): SearchHit => ({
  conversationId: title,
  conversationTitle: title,
  archived: false,
  messageId: null,
  role: null,
  atMs: 1,
  snippet: [{ text: title, hit: true }],
});

/** A search whose answers come when the test says. */
function held() {
  const asked: { words: string; answer: (hits: SearchHit[]) => void; fail: () => void }[] = [];
  const search: Host['search'] = ({ words }) =>
    new Promise((resolve, reject) => {
      asked.push({ words, answer: resolve, fail: () => reject(fakeError('storage')) });
    });
  return { asked, store: new SearchStore({ search } as Host) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the search', () => {
  it('asks once for what is typed in one go', () => {
    const { asked, store } = held();
    for (const words of ['q', 'qu', 'qua']) store.type(words);
    expect(asked).toHaveLength(0);
    vi.runAllTimers();
    expect(asked.map((a) => a.words)).toEqual(['qua']);
  });

  it('drops the late answer to an older question', async () => {
    const { asked, store } = held();
    store.type('old');
    vi.runAllTimers();
    store.type('new');
    vi.runAllTimers();
    asked[1]!.answer([hit('new')]);
    await vi.waitFor(() => expect(store.status).toBe('done'));
    asked[0]!.answer([hit('old')]);
    await Promise.resolve();
    expect(store.hits.map((h) => h.conversationTitle)).toEqual(['new']);
  });

  it('forgets an answer that comes after the field was emptied', async () => {
    const { asked, store } = held();
    store.type('old');
    vi.runAllTimers();
    store.type('');
    asked[0]!.answer([hit('old')]);
    await Promise.resolve();
    expect([store.hits.length, store.status]).toEqual([0, 'idle']);
  });

  it('keeps what it found while it asks again, and says why it could not', async () => {
    const { asked, store } = held();
    store.type('a');
    vi.runAllTimers();
    asked[0]!.answer([hit('a')]);
    await vi.waitFor(() => expect(store.status).toBe('done'));
    store.type('ab');
    expect(store.hits).toHaveLength(1);
    vi.runAllTimers();
    asked[1]!.fail();
    await vi.waitFor(() => expect(store.status).toBe('failed'));
    expect(store.problem?.code).toBe('storage');
  });
});
