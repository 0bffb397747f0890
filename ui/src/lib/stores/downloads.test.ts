import { describe, expect, it, vi } from 'vitest';
import { download } from '../../test/downloads';
import { startedApp } from '../../test/hosts';
import type { DownloadView } from '../host';
import { fakeError } from '../host/fake-script';

/** The window with a list of downloads that the test changes as it likes. */
async function started(first: DownloadView[] = []) {
  let tell: (list: DownloadView[]) => void = () => undefined;
  const { app, host } = await startedApp(
    { downloads: first },
    {
      onDownloads: async (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
  );
  const said: string[] = [];
  const say = app.announcer.say.bind(app.announcer);
  app.announcer.say = (text) => {
    said.push(text);
    say(text);
  };
  return { app, host, said, tell };
}

const waiting = () =>
  ({
    kind: 'waiting',
    reason: 'stalled',
    why: { kind: 'tooSlow', host: 'hub.test' },
    untilMs: null,
  }) as const;

describe('the list of downloads', () => {
  it('is there at the start, and asks nothing of the network', async () => {
    const asked: string[] = [];
    const ask = (what: string) => () => Promise.reject(asked.push(what));
    const { app } = await startedApp(
      { downloads: [download()] },
      {
        searchHub: ask('search'),
        repoDetails: ask('repo'),
        planRemote: ask('plan'),
        checkDownload: ask('check'),
        scanLibrary: ask('scan'),
        hubToken: ask('token'),
      },
    );
    expect(app.downloads.list).toHaveLength(1);
    expect(asked).toEqual([]);
  });

  it('tells what begins, stands still, ends and breaks, and no percents', async () => {
    const { said, tell } = await started();
    const name = download().name;
    tell([download({ doneBytes: 1 })]);
    tell([download({ doneBytes: 2 })]);
    tell([download({ doneBytes: 3, state: waiting() })]);
    tell([download({ doneBytes: 4 })]);
    tell([download({ state: { kind: 'failed', error: fakeError('storage') } })]);
    tell([download({ state: { kind: 'ready' } })]);
    expect(said).toEqual([
      `Download begun: ${name}`,
      `${name} waits. “hub.test” answers too slowly.`,
      `The download of ${name} failed. The disk is full, so nothing more can be saved. Free some space and try again.`,
      `${name} is downloaded and verified`,
    ]);
  });

  it('does not tell of a wait that comes and goes more than twice a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { said, tell } = await started([download()]);
      for (let i = 0; i < 5; i += 1) {
        tell([download({ state: waiting() })]);
        tell([download()]);
      }
      expect(said).toHaveLength(1);
      vi.setSystemTime(Date.now() + 31_000);
      tell([download({ state: waiting() })]);
      expect(said).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('keeps what it knows when something could not be done, and says why', async () => {
    const { app } = await startedApp(
      { downloads: [download()] },
      { pauseDownload: () => Promise.reject(fakeError('notFound')) },
    );
    await app.downloads.pause('d1');
    expect(app.downloads.problem?.code).toBe('notFound');
    expect(app.downloads.list).toHaveLength(1);
  });

  it('is put into another order, but not beyond its ends', async () => {
    const { app } = await startedApp({
      downloads: [download(), download({ id: 'd2', name: 'second' })],
    });
    await app.downloads.move('d2', -1);
    expect(app.downloads.list.map((d) => d.id)).toEqual(['d2', 'd1']);
    await app.downloads.move('d2', -1);
    expect(app.downloads.list.map((d) => d.id)).toEqual(['d2', 'd1']);
    expect(app.announcer.text).toBe('second is number 1 of 2');
  });
});

describe('a token', () => {
  it('is told where it is kept, and can be forgotten', async () => {
    const { app } = await startedApp();
    expect(app.hubSettings.token).toBeNull();
    await app.hubSettings.setToken('hf_abc');
    expect(app.hubSettings.token).toBe('keychain');
    await app.hubSettings.setToken(null);
    expect(app.hubSettings.token).toBe('none');
  });
});

describe('settings of downloads', () => {
  it('are what the host says they are', async () => {
    const { app } = await startedApp(
      {},
      { setDownloadSettings: async (s) => ({ ...s, speedLimitBytesPerS: 5_000_000 }) },
    );
    await app.hubSettings.open();
    await app.hubSettings.change({ speedLimitBytesPerS: 5_000_001 });
    expect(app.hubSettings.settings?.speedLimitBytesPerS).toBe(5_000_000);
  });
});
