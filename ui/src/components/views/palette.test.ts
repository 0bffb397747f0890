import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it } from 'vitest';
import App from '../../App.svelte';
import { fakeError } from '../../lib/host/fake-script';
import { sampleConversations } from '../../lib/host/fake-samples';
import { startedApp } from '../../test/hosts';

async function opened(...[options = {}, change = {}]: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const conversations = sampleConversations(Date.now());
  const { app, host } = await startedApp({ conversations, ...options }, change);
  render(App, { app });
  await tick();
  await user.keyboard('{Control>}k{/Control}');
  const field = screen.getByTestId<HTMLInputElement>('search-field');
  return { app, host, user, field };
}

const options = () => screen.queryAllByTestId('palette-option');
const chosen = () => options().find((option) => option.getAttribute('aria-selected') === 'true');

describe('the search over everything', () => {
  it('begins with recent conversations and commands', async () => {
    const { field } = await opened();
    expect(document.activeElement).toBe(field);
    expect(screen.getByTestId('palette-recent').textContent).toContain('Quantum things');
    expect(screen.getByTestId('palette-commands').textContent).toContain('Ctrl');
    expect(document.querySelector<HTMLElement>('.workspace')?.inert).toBe(true);
  });

  it('finds titles and messages apart, with what was looked for marked', async () => {
    const { user } = await opened();
    await user.keyboard('quantum');
    await waitFor(() => expect(screen.getByTestId('palette-titles')).toBeTruthy());
    const title = screen.getByTestId('palette-titles');
    expect(title.querySelector('mark')?.textContent).toBe('Quantum');
    const messages = screen.getByTestId('palette-messages');
    expect(messages.textContent).toContain('You');
    expect(messages.querySelector('mark')?.textContent?.toLowerCase()).toBe('quantum');
  });

  it('keeps titles, names and dates apart, whichever way each of them runs', async () => {
    const { user } = await opened();
    await user.keyboard('quantum');
    const messages = await screen.findByTestId('palette-messages');
    const about = messages.querySelector('.small.ellipsis')!;
    const parts = [...about.querySelectorAll('bdi')].map((part) => part.textContent);
    expect(parts.slice(0, 2)).toEqual(['Quantum things', 'You']);
    expect(about.textContent).toBe(parts.join(' · '));
  });

  it('goes through the results with the arrows and opens one with Enter', async () => {
    const { app, user, field } = await opened();
    await user.keyboard('rust');
    await waitFor(() => expect(screen.getByTestId('palette-titles')).toBeTruthy());
    expect(field.getAttribute('aria-activedescendant')).toBe(chosen()?.id);
    await user.keyboard('{ArrowDown}');
    expect(options().indexOf(chosen()!)).toBe(1);
    await user.keyboard('{ArrowUp}{ArrowUp}');
    expect(options().indexOf(chosen()!)).toBe(options().length - 1);
    await user.keyboard('{ArrowDown}{Enter}');
    expect(screen.queryByTestId('search-palette')).toBeNull();
    await waitFor(() => expect(app.chat.current.id).toBe('s2'));
    expect(document.activeElement).toBe(screen.getByTestId('composer'));
  });

  it('leads to the message that was found', async () => {
    const { app, user } = await opened();
    const asked: unknown[] = [];
    Object.assign(app.chat, {
      reveal: (...where: unknown[]) => Promise.resolve(void asked.push(where)),
    });
    await user.keyboard('entanglement');
    await waitFor(() => expect(screen.getByTestId('palette-messages')).toBeTruthy());
    const messages = within(screen.getByTestId('palette-messages'));
    await user.click(messages.getAllByTestId('palette-option').at(-1)!);
    expect(asked).toEqual([['s1', expect.stringMatching(/^s1-/)]]);
  });

  it('says so when nothing is found', async () => {
    const { user } = await opened();
    await user.keyboard('xyzzy');
    const state = await screen.findByTestId('search-nothing');
    expect(state.textContent).toContain('xyzzy');
  });

  it('says why it failed and asks again', async () => {
    let broken = true;
    const { user } = await opened(
      {},
      { search: () => (broken ? Promise.reject(fakeError('internal')) : Promise.resolve([])) },
    );
    await user.keyboard('rust');
    const state = await screen.findByTestId('search-failed');
    broken = false;
    await user.click(within(state).getByRole('button'));
    await waitFor(() => expect(screen.queryByTestId('search-failed')).toBeNull());
  });

  it('runs a command that is found by its name', async () => {
    const { app, user } = await opened();
    await user.keyboard('light and dark');
    await waitFor(() => expect(options()).toHaveLength(1));
    await user.keyboard('{Enter}');
    expect(app.appearance.theme).toBe('dark');
    expect(screen.queryByTestId('search-palette')).toBeNull();
  });

  it('closes with Esc, with a click beside it and with its own keys, and gives the focus back', async () => {
    const { user } = await opened();
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('search-palette')).toBeNull();
    const button = screen.getByTestId('search-button');
    await user.click(button);
    await user.keyboard('{Control>}k{/Control}');
    expect(screen.queryByTestId('search-palette')).toBeNull();
    await waitFor(() => expect(document.activeElement).toBe(button));
    await user.click(button);
    await fireEvent.pointerDown(screen.getByTestId('search-palette').parentElement!);
    expect(screen.queryByTestId('search-palette')).toBeNull();
  });

  it('does not choose with the Enter that ends a composition', async () => {
    const { field } = await opened();
    await fireEvent.keyDown(field, { key: 'Enter', isComposing: true });
    expect(screen.getByTestId('search-palette')).toBeTruthy();
  });
});
