import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import type { Host, SearchHit } from '../../lib/host';
import { longConversation } from '../../lib/host/fake-samples';
import { fakeError } from '../../lib/host/fake-script';
import { startedApp } from '../../test/hosts';

async function opened(change: Partial<Host>, options = {}) {
  const user = userEvent.setup();
  const { app } = await startedApp(options, change);
  render(App, { app });
  await tick();
  return { app, user };
}

describe('finding', () => {
  const hit = (messageId: string): SearchHit => ({
    conversationId: 's5',
    conversationTitle: 'Ten',
    archived: false,
    messageId,
    role: 'user',
    atMs: 1,
    snippet: [],
  });

  it('goes from hit to hit and around, and gives the keyboard back', async () => {
    const search = vi.fn(() => Promise.resolve([hit('s5-0'), hit('s5-4'), hit('s5-6')]));
    const conversations = [longConversation('s5', 12, 1)];
    const { app, user } = await opened({ search }, { conversations });
    await app.chat.open('s5');
    const revealed = vi.spyOn(app.chat, 'reveal');
    await user.keyboard('{Control>}f{/Control}');
    const field = await screen.findByTestId('find-field');
    expect(document.activeElement).toBe(field);
    await user.type(field, 'question');
    const state = screen.getByTestId('find-state');
    await waitFor(() => expect(state.textContent).toBe('1 of 3'));
    expect(search).toHaveBeenCalledWith({ words: 'question', conversationId: 's5', limit: 500 });
    await user.keyboard('{Enter}');
    await waitFor(() => expect(state.textContent).toBe('2 of 3'));
    await user.keyboard('{Shift>}{Enter}{Enter}{/Shift}');
    await waitFor(() => expect(state.textContent).toBe('3 of 3'));
    expect(revealed).toHaveBeenLastCalledWith('s5', 's5-6');
    expect(document.activeElement).toBe(field);
    // This web view has no highlights of its own: the messages are marked.
    await waitFor(() => expect(document.querySelectorAll('[data-found]').length).toBe(6));
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('find-field')).toBeNull();
    expect(document.querySelector('[data-found]')).toBeNull();
    expect(document.activeElement?.id).toBe('composer');
  });

  it('says when nothing is found, and when it could not look', async () => {
    const search = vi.fn((): Promise<SearchHit[]> => Promise.resolve([]));
    const { app, user } = await opened({ search });
    await app.chat.send('one');
    await user.keyboard('{Control>}f{/Control}');
    await user.type(await screen.findByTestId('find-field'), 'xyz{Enter}');
    const state = screen.getByTestId('find-state');
    await waitFor(() => expect(state.textContent).toBe('Not found'));
    search.mockImplementation(() => Promise.reject(fakeError('storage')));
    await user.type(screen.getByTestId('find-field'), 'a{Enter}');
    await waitFor(() => expect(state.textContent).toContain('disk is full'));
  });
});
