import { act, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import type { DownloadView, Host } from '../../lib/host';
import { fakeError } from '../../lib/host/fake-script';
import { download } from '../../test/downloads';
import { language } from '../../lib/i18n/language.svelte';
import { startedApp } from '../../test/hosts';

async function opened(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(...args);
  render(App, { app });
  await user.click(screen.getByTestId('nav-models'));
  await user.click(screen.getByTestId('models-tab-downloads'));
  return { app, host, user };
}

const rows = () => screen.queryAllByTestId('download');
const gated = () =>
  download({ state: { kind: 'failed', error: fakeError('gated') }, repo: 'google/gemma-3' });

describe('the parts of the Models view', () => {
  it('are tabs that the arrow keys go through, and the first is what fits', async () => {
    const user = userEvent.setup();
    const { app } = await startedApp({ downloads: [download()] });
    render(App, { app });
    await user.click(screen.getByTestId('nav-models'));
    await screen.findByTestId('plan');
    const tabs = screen.getAllByRole('tab');
    expect(tabs.map((tab) => tab.tabIndex)).toEqual([0, -1, -1, -1]);
    expect(screen.getByRole('tab', { selected: true }).textContent).toContain('What fits');
    tabs[0]!.focus();
    await user.keyboard('{ArrowLeft}');
    expect(screen.getByRole('tab', { selected: true }).textContent).toMatch(/Downloads\s*1/);
    expect(document.activeElement).toBe(screen.getByTestId('models-tab-downloads'));
    expect(screen.getByRole('tabpanel').textContent).toContain('How downloads are made');
    await user.keyboard('{Home}{ArrowRight}');
    expect(screen.getByTestId('library')).toBeTruthy();
  });
});

describe('a download', () => {
  it('says what comes, how far it is and how long it will take', async () => {
    await opened({ downloads: [download({ notices: [{ kind: 'changedMeanwhile' }] })] });
    const row = rows()[0]!;
    expect(row.textContent).toContain('Llama-3.3-70B-Instruct-Q4_K_M');
    expect(row.textContent).toContain('bartowski/Llama-3.3-70B-Instruct-GGUF');
    const figures = screen.getByTestId('download-figures').textContent.replace(/\s+/g, ' ');
    expect(figures).toContain('17 of 42.5 GB');
    expect(figures).toContain('40 %');
    expect(figures).toContain('35.4 MB/s over 8 connections');
    expect(screen.getByTestId('download-eta').textContent).toBe('about 12 minutes left');
    expect(row.textContent).toContain('Its files were changed on the server meanwhile');
    const bar = screen.getByTestId('download-progress');
    expect(bar.getAttribute('aria-valuenow')).toBe('40');
    expect(bar.getAttribute('aria-valuetext')).toBe(
      '40 percent, downloading, about 12 minutes left',
    );
    expect(screen.getByTestId('part-map').getAttribute('aria-label')).toBe(
      'Which parts are here: 2 of 4 whole, 1 begun',
    );
  });

  it('says nothing of the time that is left while that is a guess', async () => {
    await opened({ downloads: [download({ etaS: null })] });
    expect(screen.queryByTestId('download-eta')).toBeNull();
  });

  it('counts down to the next attempt while it waits', async () => {
    const state = {
      kind: 'waiting',
      reason: 'busy',
      why: { kind: 'tooManyRequests', host: 'hub.test' },
      untilMs: Date.now() + 30_000,
    } as const;
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    try {
      const { app } = await startedApp({ downloads: [download({ state })] });
      app.navigation.showModels('downloads');
      render(App, { app });
      const left = () => screen.getByTestId('download-countdown').textContent;
      expect(screen.getByTestId('download-waits').textContent).toContain(
        '“hub.test” takes no more requests',
      );
      expect(left()).toMatch(/^Tries again in (29|30) seconds\.$/);
      await act(() => void vi.advanceTimersByTime(12_000));
      expect(left()).toMatch(/^Tries again in 1[78] seconds\.$/);
      await act(() => void vi.advanceTimersByTime(20_000));
      expect(left()).toBe('Trying again now.');
    } finally {
      vi.useRealTimers();
    }
  });

  it('shows how much of it is verified', async () => {
    const state = { kind: 'verifying', checkedBytes: 21_250_000_000 } as const;
    await opened({ downloads: [download({ state, doneBytes: 42_500_000_000 })] });
    expect(screen.getByTestId('download-verifying').textContent).toContain('21.3 of 42.5 GB');
    const bar = screen.getByRole('progressbar', { name: /Verification/ });
    expect(bar.getAttribute('aria-valuenow')).toBe('50');
  });

  it('is cancelled only after it was said what is lost', async () => {
    const { app, user } = await opened({ downloads: [download()] });
    await user.click(screen.getByTestId('download-cancel'));
    expect(screen.getByTestId('ask-cancel').textContent).toContain(
      '17 GB that are here already will be deleted',
    );
    expect(document.activeElement).toBe(screen.getByTestId('keep-download'));
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('ask-cancel')).toBeNull();
    expect(screen.getByTestId('models-view')).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByTestId('download-cancel'));
    expect(rows()).toHaveLength(1);
    await user.click(screen.getByTestId('download-cancel'));
    await user.click(screen.getByTestId('do-cancel'));
    await waitFor(() => expect(rows()).toHaveLength(0));
    expect(screen.getByTestId('downloads-empty')).toBeTruthy();
    expect(app.announcer.text).toContain('Cancelled');
  });

  it('that became ready while it was asked is not asked about any more', async () => {
    let tell: (list: DownloadView[]) => void = () => undefined;
    const onDownloads: Host['onDownloads'] = async (listener) => {
      tell = listener;
      return () => undefined;
    };
    const { user } = await opened({ downloads: [download()] }, { onDownloads });
    await user.click(screen.getByTestId('download-cancel'));
    await act(() => tell([download({ state: { kind: 'ready' }, path: '/models/new.gguf' })]));
    expect(screen.queryByTestId('ask-cancel')).toBeNull();
  });

  it('is paused and goes on', async () => {
    const { app, user } = await opened({ downloads: [download()] });
    await user.click(screen.getByTestId('download-pause'));
    await waitFor(() => expect(rows()[0]?.dataset['state']).toBe('paused'));
    expect(document.activeElement).toBe(screen.getByTestId('download-resume'));
    expect(screen.getByTestId('download-note').textContent).toContain('What is here is kept');
    await user.click(screen.getByTestId('download-resume'));
    await waitFor(() => expect(app.downloads.list[0]?.state.kind).toBe('ready'));
  });

  it('moves up and down, and the focus moves with it', async () => {
    const { user } = await opened({
      downloads: [download(), download({ id: 'd2', name: 'second' })],
    });
    const up = screen.getAllByTestId<HTMLButtonElement>('download-up');
    expect(up.map((button) => button.disabled)).toEqual([true, false]);
    await user.click(screen.getAllByTestId('download-down')[0]!);
    await waitFor(() => expect(rows().map((row) => row.dataset['id'])).toEqual(['d2', 'd1']));
    // At the end there is no further down; the way back up is beside it.
    await waitFor(() =>
      expect(document.activeElement).toBe(screen.getAllByTestId('download-up')[1]),
    );
  });

  it('that is ready leads to the chat with it', async () => {
    const { app, user } = await opened({
      downloads: [download({ state: { kind: 'ready' }, path: '/models/new.gguf' })],
    });
    expect(screen.queryByTestId('download-progress')).toBeNull();
    await user.click(screen.getByTestId('download-chat'));
    expect(screen.queryByTestId('models-view')).toBeNull();
    await waitFor(() => expect(app.engine.model?.path).toBe('/models/new.gguf'));
  });

  it('that failed can be tried again or taken off the list', async () => {
    const state = { kind: 'failed', error: fakeError('storage') } as const;
    const { host, user } = await opened({ downloads: [download({ state })] });
    const resume = vi.spyOn(host, 'resumeDownload');
    const card = screen.getByTestId('error-card');
    expect(card.textContent).toContain('The disk is full');
    expect(within(card).getByTestId('error-action').textContent).toBe('Try again');
    await user.click(within(card).getByTestId('error-dismiss'));
    await waitFor(() => expect(rows()).toHaveLength(0));
    expect(resume).not.toHaveBeenCalled();
  });

  it('from a gated repository explains itself, and goes on with a token', async () => {
    const { app, host, user } = await opened({ downloads: [gated()] });
    const setToken = vi.spyOn(host, 'setHubToken');
    expect(screen.getByTestId('gated-page').textContent).toContain(
      'https://huggingface.co/google/gemma-3',
    );
    await screen.findByTestId('token-place');
    const field = screen.getByTestId<HTMLInputElement>('token-input');
    expect(field.type).toBe('password');
    await user.type(field, 'wrong{Enter}');
    expect((await screen.findByRole('alert')).textContent).toContain('begin with “hf_”');
    expect(rows()[0]?.dataset['state']).toBe('failed');
    await user.clear(field);
    await user.type(field, 'hf_right{Enter}');
    await waitFor(() => expect(app.downloads.list[0]?.state.kind).toBe('ready'));
    expect(setToken).toHaveBeenLastCalledWith('hf_right');
    expect(app.hubSettings.token).toBe('keychain');
    expect(document.body.innerHTML).not.toContain('hf_right');
  });

  it('whose licence was not accepted shows it when asked to, and goes on when it is', async () => {
    const state = { kind: 'failed', error: fakeError('licenceNotAccepted') } as const;
    const { app, host, user } = await opened({ downloads: [download({ state })] });
    const details = vi.spyOn(host, 'repoDetails');
    expect(details).not.toHaveBeenCalled();
    await user.click(screen.getByTestId('read-terms'));
    expect((await screen.findByTestId('licence')).textContent).toContain('Built with Llama');
    await user.click(screen.getByTestId('accept-licence'));
    await waitFor(() => expect(app.downloads.list[0]?.state.kind).toBe('ready'));
  });
});

describe('the line in the sidebar', () => {
  it('is there while something is on its way, says how far, and leads there', async () => {
    const user = userEvent.setup();
    const waits = {
      kind: 'waiting',
      reason: 'offline',
      why: { kind: 'tooSlow', host: 'hub.test' },
      untilMs: null,
    } as const;
    const { app } = await startedApp({ downloads: [download({ state: waits })] });
    render(App, { app });
    const line = screen.getByTestId('sidebar-downloads');
    expect(line.textContent).toContain('Waiting at 40 %');
    await user.click(line);
    expect(screen.getByTestId('models-view').dataset['tab']).toBe('downloads');
    await app.downloads.cancel('d1');
    await waitFor(() => expect(screen.queryByTestId('sidebar-downloads')).toBeNull());
  });
});

describe('how downloads are made', () => {
  afterEach(() => language.set('en'));

  async function settings() {
    const all = await opened();
    await all.user.click(within(screen.getByTestId('how-downloads')).getByText(/How downloads/));
    await screen.findByTestId('download-settings');
    return all;
  }

  it('is asked only of this computer, and only when it is opened', async () => {
    const { host, user } = await opened();
    const asked = vi.spyOn(host, 'downloadSettings');
    expect(screen.queryByTestId('download-settings')).toBeNull();
    expect(asked).not.toHaveBeenCalled();
    await user.click(within(screen.getByTestId('how-downloads')).getByText(/How downloads/));
    expect((await screen.findByTestId('download-settings')).textContent).toContain('412 GB free');
  });

  it('takes a speed limit in MB per second, and says what is none', async () => {
    const { app, user } = await settings();
    const field = screen.getByTestId<HTMLInputElement>('speed-limit');
    await user.type(field, '2.5');
    await user.tab();
    await waitFor(() => expect(app.hubSettings.settings?.speedLimitBytesPerS).toBe(2_500_000));
    await user.clear(field);
    await user.type(field, 'fast');
    await user.tab();
    expect(field.getAttribute('aria-invalid')).toBe('true');
    expect(app.hubSettings.settings?.speedLimitBytesPerS).toBe(2_500_000);
    await user.clear(field);
    await user.tab();
    await waitFor(() => expect(app.hubSettings.settings?.speedLimitBytesPerS).toBeNull());
  });

  it('takes every limit that it shows, in every language', async () => {
    const { app, user } = await settings();
    const field = screen.getByTestId<HTMLInputElement>('speed-limit');
    const shows = async (bytesPerS: number, text: string) => {
      await app.hubSettings.change({ speedLimitBytesPerS: bytesPerS });
      await waitFor(() => expect(field.value).toBe(text));
      // Typed again as it stands there, it is the same limit.
      await app.hubSettings.change({ speedLimitBytesPerS: null });
      await user.clear(field);
      await user.type(field, text);
      await user.tab();
      await waitFor(() => expect(app.hubSettings.settings?.speedLimitBytesPerS).toBe(bytesPerS));
      expect(field.getAttribute('aria-invalid')).toBe('false');
    };
    for (const code of ['en', 'es', 'ar'] as const) {
      await act(() => language.set(code));
      await shows(2_500_000, '2.5');
      await shows(40_000, '0.04');
      await shows(1_234_500_000, '1234.5');
    }
    await user.clear(field);
    await user.type(field, '٢٫٥');
    await user.tab();
    await waitFor(() => expect(app.hubSettings.settings?.speedLimitBytesPerS).toBe(2_500_000));
  });

  it('writes paths and addresses from left to right', async () => {
    await settings();
    expect(screen.getByTestId('models-folder').querySelector('bdi')?.dir).toBe('ltr');
    expect(screen.getByTestId<HTMLInputElement>('endpoint').dir).toBe('ltr');
  });

  it('says inline that an address is none, and takes a folder and the switches', async () => {
    const { app, user } = await settings();
    await user.type(screen.getByTestId('endpoint'), 'mirror');
    await user.tab();
    expect((await screen.findByTestId('settings-problem')).textContent).toContain('“mirror”');
    await user.click(screen.getByTestId('pick-folder'));
    await waitFor(() =>
      expect(screen.getByTestId('models-folder').textContent).toBe('/media/big/models'),
    );
    await user.click(screen.getByTestId('setting-share'));
    await waitFor(() => expect(app.hubSettings.settings?.shareWithHfCache).toBe(true));
  });
});
