import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { fakeError } from '../../lib/host/fake-script';
import { sampleConversations } from '../../lib/host/fake-samples';
import type { ChatSettings } from '../../lib/host';
import { usualChatSettings } from '../../lib/stores/chat-settings.svelte';
import { startedApp } from '../../test/hosts';

async function opened(...[options = {}, change = {}]: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const kept: { settings: ChatSettings } = { settings: { ...usualChatSettings } };
  const conversations = sampleConversations(Date.now());
  const { app, host } = await startedApp(
    { conversations, ...options },
    {
      chatSettings: () => Promise.resolve(kept.settings),
      setChatSettings: (settings) => Promise.resolve((kept.settings = settings)),
      ...change,
    },
  );
  render(App, { app });
  await tick();
  await user.click(screen.getByTestId('nav-settings'));
  await screen.findByTestId('row-policy');
  return { app, host, user, kept };
}

const visible = (testId: string) => !screen.getByTestId(testId).closest('[hidden]');

describe('the settings', () => {
  it('are one page of eight parts', async () => {
    await opened();
    const parts = ['general', 'models', 'engine', 'remotes', 'chat', 'server', 'privacy', 'about'];
    for (const part of parts) expect(visible(`settings-${part}`)).toBe(true);
    expect(screen.getByTestId('nav-settings').getAttribute('aria-current')).toBe('page');
  });

  it('are found by name and by sentence, and parts without a hit go', async () => {
    const { user } = await opened();
    await user.type(screen.getByTestId('settings-search'), 'ROLLING');
    expect(visible('row-policy')).toBe(true);
    expect(visible('row-reserve')).toBe(false);
    expect(visible('settings-general')).toBe(false);
    expect(screen.getByTestId<HTMLButtonElement>('to-general').disabled).toBe(true);
    await user.keyboard('{Escape}');
    expect(visible('row-reserve')).toBe(true);
    await user.type(screen.getByTestId('settings-search'), 'xyzzy');
    expect(screen.getByTestId('settings-nothing').textContent).toContain('xyzzy');
  });

  it('remember the theme', async () => {
    const { user } = await opened();
    await user.click(within(screen.getByTestId('theme')).getByLabelText('Dark'));
    expect(document.documentElement.dataset['theme']).toBe('dark');
    expect(localStorage.getItem('paddock.theme')).toBe('dark');
    await user.click(within(screen.getByTestId('theme')).getByLabelText('System'));
    expect(localStorage.getItem('paddock.theme')).toBeNull();
  });

  it('change one chat setting upon what is kept now', async () => {
    const { user, kept } = await opened();
    kept.settings = { ...kept.settings, defaultPresetId: 'p1' };
    await user.click(screen.getByTestId('policy-rollingWindow'));
    await user.click(screen.getByTestId('propose-titles'));
    await waitFor(() =>
      expect(kept.settings).toMatchObject({
        contextPolicy: 'rollingWindow',
        proposeTitles: false,
        defaultPresetId: 'p1',
      }),
    );
  });

  it('say which reserves make sense and keep no other', async () => {
    const { user, kept } = await opened();
    const field = screen.getByTestId<HTMLInputElement>('reply-reserve');
    await user.clear(field);
    await user.type(field, '12{Tab}');
    expect(field.getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByTestId('row-reserve').textContent).toContain('from 16 to 32,768');
    await user.clear(field);
    await user.type(field, '1024{Tab}');
    await waitFor(() => expect(kept.settings.replyReserve).toBe(1024));
    expect(field.getAttribute('aria-invalid')).toBe('false');
  });

  it('say why one was not kept', async () => {
    const { user } = await opened(
      {},
      { setChatSettings: () => Promise.reject(fakeError('storage')) },
    );
    await user.click(screen.getByTestId('daily-backups'));
    await waitFor(() =>
      expect(screen.getByTestId('settings-view').textContent).toContain('disk is full'),
    );
  });

  it('are reset after a question, and only then', async () => {
    const { app, user, kept } = await opened();
    app.appearance.choose('dark');
    app.appearance.setZoom(150);
    app.sidebar.sort('title');
    await app.chatSettings.change({ proposeTitles: false });
    await user.click(screen.getByTestId('reset'));
    await user.click(screen.getByTestId('reset-ask-no'));
    expect(app.appearance.theme).toBe('dark');
    expect(document.activeElement).toBe(screen.getByTestId('reset'));
    await user.click(screen.getByTestId('reset'));
    await user.click(screen.getByTestId('reset-ask-yes'));
    await waitFor(() => expect(kept.settings).toEqual(usualChatSettings));
    expect([app.appearance.theme, app.appearance.zoom, app.sidebar.sorting]).toEqual([
      'system',
      100,
      'updated',
    ]);
  });

  it('show what is loaded and unload it', async () => {
    const { user } = await opened();
    expect(screen.getByTestId('loaded-model').textContent).toContain('Self-test model');
    await user.click(screen.getByTestId('settings-unload'));
    await waitFor(() =>
      expect(screen.getByTestId('loaded-model').textContent).toContain('No model is loaded'),
    );
    expect(screen.queryByTestId('settings-unload')).toBeNull();
  });

  it('export and import everything', async () => {
    const { user } = await opened();
    const row = within(screen.getByTestId('row-exchange'));
    await user.click(screen.getByTestId('settings-export-all'));
    expect((await row.findByTestId('transfer-card')).textContent).toContain('.json');
    await user.click(screen.getByTestId('settings-import'));
    await waitFor(() =>
      expect(row.getByTestId('transfer-card').textContent).toContain('1 conversation, 1 message'),
    );
  });

  it('say plainly that there is no telemetry and that the server is off', async () => {
    await opened();
    expect(screen.getByTestId('row-telemetry').textContent).toContain('reports nothing');
    await waitFor(() =>
      expect(screen.getByTestId('server-state').textContent).toContain(
        'Nothing listens on any port',
      ),
    );
  });

  it('tell where the files are and open the folders', async () => {
    const openPlace = vi.fn(() => Promise.resolve());
    const { user } = await opened({}, { openPlace });
    await waitFor(() => expect(screen.getAllByTestId('place')).toHaveLength(4));
    await user.click(screen.getByTestId('open-place-backups'));
    expect(openPlace).toHaveBeenCalledWith('backups');
    expect(screen.queryByTestId('open-place-models')).toBeNull();
  });

  it('start the first-run guide again', async () => {
    const { user } = await opened();
    await user.click(screen.getByTestId('settings-first-run'));
    expect(screen.getByTestId('first-run')).toBeTruthy();
  });
});

describe('backups in the settings', () => {
  it('are made, and put back after a question that says what becomes of the present', async () => {
    const { app, host, user } = await opened();
    await user.click(screen.getByTestId('back-up-now'));
    await waitFor(() => expect(screen.getAllByTestId('backup')).toHaveLength(1));
    expect(screen.getByTestId('backup').textContent).toContain('4 conversations');
    await host.deleteConversation('s1');
    await user.click(screen.getByTestId('backup-restore'));
    expect(screen.getByTestId('restore-ask').textContent).toContain('is backed up first');
    await user.click(screen.getByTestId('restore-ask-yes'));
    await waitFor(() => expect(app.conversations.find('s1')).not.toBeNull());
    await waitFor(() => expect(screen.getAllByTestId('backup')).toHaveLength(2));
  });

  it('leave the focus where it was when the answer is no', async () => {
    const { user } = await opened();
    await user.click(screen.getByTestId('back-up-now'));
    await user.click(await screen.findByTestId('backup-restore'));
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('restore-ask')).toBeNull();
    expect(screen.getByTestId('settings-view')).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByTestId('backup-restore'));
  });

  it('that hold what is erased are told of', async () => {
    const { app, user } = await opened();
    await user.click(screen.getByTestId('back-up-now'));
    await app.chat.remove('s1');
    await user.click(screen.getByTestId('erase-all'));
    expect(screen.getByTestId('erase-all-ask').textContent).toContain('cannot be undone');
    await user.click(screen.getByTestId('erase-all-ask-yes'));
    const told = await screen.findByTestId('erased');
    expect(told.textContent).toContain('1 conversation is gone for good');
    expect(told.textContent).toContain('1 backup');
    expect(screen.queryByTestId('undo-delete')).toBeNull();
  });
});
