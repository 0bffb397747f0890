import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it } from 'vitest';
import App from '../../App.svelte';
import { shortcutIds } from '../../lib/format/shortcuts';
import { sampleConversations } from '../../lib/host/fake-samples';
import { t } from '../../lib/i18n';
import { startedApp } from '../../test/hosts';

async function opened(...[options = {}, change = {}]: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const conversations = sampleConversations(Date.now());
  const { app, host } = await startedApp({ conversations, ...options }, change);
  render(App, { app });
  await tick();
  const ctrl = (key: string) => user.keyboard(`{Control>}${key}{/Control}`);
  const ctrlShift = (key: string) => user.keyboard(`{Control>}{Shift>}${key}{/Shift}{/Control}`);
  return { app, host, user, ctrl, ctrlShift };
}

describe('the keyboard', () => {
  it('leads to the settings, to finding models and to the library, and Esc leads back', async () => {
    const { app, user, ctrl } = await opened();
    await ctrl(',');
    expect(screen.getByTestId('settings-view')).toBeTruthy();
    expect(document.activeElement?.textContent).toBe('Settings');
    await ctrl('2');
    expect(app.navigation.modelsTab).toBe('find');
    await ctrl('3');
    expect(screen.getByTestId('models-view').dataset['tab']).toBe('library');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('composer')));
  });

  it('opens the model picker from anywhere', async () => {
    const { ctrl } = await opened();
    await ctrl(',');
    await ctrl('l');
    expect(screen.getByTestId('model-menu')).toBeTruthy();
  });

  it('hides the sidebar and shows it, and remembers that', async () => {
    const { ctrl } = await opened();
    await ctrl('b');
    expect(screen.getByTestId('side').className).toContain('hidden');
    expect(localStorage.getItem('paddock.sidebarHidden')).toBe('yes');
    await ctrl('b');
    expect(screen.getByTestId('side').className).not.toContain('hidden');
    expect(localStorage.getItem('paddock.sidebarHidden')).toBeNull();
  });

  it('renames the open conversation, also where it is folded away', async () => {
    const { app, user, ctrl, ctrlShift } = await opened();
    await app.conversations.archive('s2', true);
    await app.chat.open('s2');
    await ctrl('b');
    await ctrlShift('e');
    expect(document.activeElement).toBe(screen.getByTestId('conversation-rename-field'));
    expect(screen.getByTestId('side').className).not.toContain('hidden');
    await user.keyboard('Borrowing{Enter}');
    await waitFor(() => expect(app.conversations.find('s2')?.title).toBe('Borrowing'));
  });

  it('deletes the open conversation, which can be undone', async () => {
    const { app, ctrlShift } = await opened();
    await app.chat.open('s2');
    await ctrlShift('d');
    await waitFor(() => expect(app.conversations.find('s2')).toBeNull());
    expect(screen.getByTestId('undo-delete')).toBeTruthy();
  });

  it('makes a folder', async () => {
    const { user, ctrlShift } = await opened();
    await ctrlShift('n');
    await user.keyboard('Physics{Enter}');
    await waitFor(() =>
      expect(screen.getByTestId('folder-toggle').textContent).toContain('Physics'),
    );
  });

  it('makes the page larger and smaller within its limits, and remembers it', async () => {
    const asked: number[] = [];
    const { app, ctrl } = await opened(
      {},
      { setZoom: (factor) => Promise.resolve(void asked.push(factor)) },
    );
    await ctrl('+');
    await ctrl('=');
    expect(asked).toEqual([1.1, 1.25]);
    expect(localStorage.getItem('paddock.zoom')).toBe('125');
    for (let i = 0; i < 9; i += 1) await ctrl('+');
    expect(app.appearance.zoom).toBe(200);
    for (let i = 0; i < 20; i += 1) await ctrl('-');
    expect(app.appearance.zoom).toBe(50);
    await ctrl('0');
    expect(asked.at(-1)).toBe(1);
    expect(localStorage.getItem('paddock.zoom')).toBeNull();
  });

  it('begins at the size it was left at', async () => {
    localStorage.setItem('paddock.zoom', '150');
    const asked: number[] = [];
    await opened({}, { setZoom: (factor) => Promise.resolve(void asked.push(factor)) });
    expect(asked).toEqual([1.5]);
  });

  it('shows all keys with ?, but not while somebody types one', async () => {
    const { user, ctrl } = await opened();
    screen.getByTestId('composer').focus();
    await user.keyboard('?');
    expect(screen.queryByTestId('shortcut-sheet')).toBeNull();
    screen.getByTestId('new-chat').focus();
    await user.keyboard('?');
    const sheet = screen.getByTestId('shortcut-sheet');
    for (const id of shortcutIds) expect(sheet.textContent).toContain(t(`shortcuts.${id}`));
    await user.keyboard('{Escape}');
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('new-chat')));
    await ctrl('/');
    expect(screen.getByTestId('shortcut-sheet')).toBeTruthy();
  });

  it('stays within a dialog', async () => {
    const { user, ctrl } = await opened();
    await ctrl('/');
    const sheet = screen.getByTestId('shortcut-sheet');
    for (let i = 0; i < 4; i += 1) {
      await user.tab();
      expect(sheet.contains(document.activeElement)).toBe(true);
    }
  });
});
