import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { fakeError } from '../../lib/host/fake-script';
import { sampleConversations } from '../../lib/host/fake-samples';
import { download, localModel, localModels } from '../../test/downloads';
import { startedApp } from '../../test/hosts';

async function opened(...[options, change]: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(
    { firstRunPending: true, loaded: false, ...options },
    change,
  );
  render(App, { app });
  await waitFor(() => expect(screen.getByTestId('welcome')).toBeTruthy());
  return { app, host, user };
}

const card = () => screen.queryByTestId('first-run');

describe('the first run', () => {
  it('is offered to a newcomer, and to nobody who has conversations', async () => {
    await opened();
    expect(card()?.textContent).toContain('Built with Llama');
    expect(card()?.textContent).toContain('Llama 3.3 Community License');
    const { app } = await startedApp({
      firstRunPending: true,
      conversations: sampleConversations(Date.now()),
    });
    expect(app.firstRun.open).toBe(false);
  });

  it('goes away for good when it is skipped', async () => {
    const { host, user } = await opened();
    await user.click(screen.getByTestId('first-run-skip'));
    expect(card()).toBeNull();
    expect(await host.firstRunPending()).toBe(false);
  });

  it('is no hindrance: a message is sent as ever, and the card is gone', async () => {
    const { host, user } = await opened();
    expect(document.activeElement).toBe(screen.getByTestId('composer'));
    await user.keyboard('Count to 20{Enter}');
    await waitFor(() =>
      expect(screen.getByTestId('message-assistant').dataset['state']).toBe('complete'),
    );
    await user.click(screen.getByTestId('new-chat'));
    expect(card()).toBeNull();
    expect(await host.firstRunPending()).toBe(false);
  });

  it('names its steps, goes on and back, and looks at the computer only when asked', async () => {
    let looked = 0;
    const { user } = await opened(
      {},
      {
        hardware: () => {
          looked += 1;
          return Promise.reject(fakeError('storage'));
        },
      },
    );
    const current = () => card()?.querySelector('[aria-current=step]')?.textContent;
    expect(current()).toContain('Welcome');
    expect(screen.queryByTestId('first-run-back')).toBeNull();
    expect(looked).toBe(0);
    await user.click(screen.getByTestId('first-run-next'));
    expect(current()).toContain('Your computer');
    await waitFor(() => expect(looked).toBe(1));
    await user.click(screen.getByTestId('first-run-next'));
    expect(current()).toContain('Your model');
    await screen.findByTestId('pick-recommended');
    expect(screen.getAllByTestId('memory-bar').length).toBeGreaterThan(0);
    await user.click(screen.getByTestId('first-run-back'));
    expect(current()).toContain('Your computer');
  });

  it('checks that the engine answers, leaves no conversation behind, and ends in the chat', async () => {
    const { app, host, user } = await opened();
    for (let i = 0; i < 4; i += 1) await user.click(screen.getByTestId('first-run-next'));
    expect(screen.getByTestId('check-which').textContent).toContain('A tiny model');
    await user.click(screen.getByTestId('first-run-next'));
    const result = await screen.findByTestId('check-result');
    expect(result.textContent).toContain('It works.');
    expect(result.textContent).toMatch(/[\d,.]+ tok\/s, measured/);
    expect(screen.getByTestId('check-answer').textContent).toContain('20');
    expect(app.engine.model?.selfTest).toBe(true);
    expect(await host.listConversations()).toEqual([]);
    await user.click(screen.getByTestId('first-run-next'));
    expect(card()).toBeNull();
    expect(await host.firstRunPending()).toBe(false);
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('composer')));
  });

  it('asks as soon as loading has ended, even if the news of it comes later', async () => {
    const { app } = await opened({}, { loadModel: () => Promise.resolve() });
    app.firstRun.go('check');
    await app.firstRun.check();
    expect(app.firstRun.problem).toBeNull();
    expect(app.firstRun.timings).not.toBeNull();
  });

  it('says why a model could not be loaded for the check', async () => {
    const { app } = await opened({}, { loadModel: () => Promise.reject(fakeError('loadFailed')) });
    await app.firstRun.check();
    expect(app.firstRun.problem?.code).toBe('loadFailed');
  });

  it('says why a check did not work, and can check again', async () => {
    const { app } = await opened({}, { chatSend: () => Promise.reject(fakeError('engineDied')) });
    app.firstRun.go('check');
    await app.firstRun.check();
    expect((await screen.findByTestId('error-card')).textContent).toContain('ran out of memory');
    expect(screen.getByTestId('first-run-next').textContent).toContain('Check again');
  });

  it('is about this computer, even if another one was planned for', async () => {
    const { app, user } = await opened();
    await app.planning.open();
    await app.planning.planFor({ gpu: 'none', ramGib: 32 });
    expect(app.planning.isOther).toBe(true);
    await user.click(screen.getByTestId('first-run-next'));
    await user.click(screen.getByTestId('first-run-next'));
    await waitFor(() => expect(app.planning.recommendation?.computer.here).toBe(true));
    expect(screen.getAllByTestId('memory-bar')).toHaveLength(2);
  });

  it('can be opened again from the Models view', async () => {
    const { user } = await opened({ firstRunPending: false });
    expect(card()).toBeNull();
    await user.click(screen.getByTestId('nav-models'));
    await user.click(screen.getByTestId('first-run-again'));
    expect(card()?.dataset['step']).toBe('welcome');
  });
});

describe('the download in the first run', () => {
  async function atDownload(...args: Parameters<typeof startedApp>) {
    const all = await opened(...args);
    await all.user.click(screen.getByTestId('first-run-next'));
    await all.user.click(screen.getByTestId('first-run-next'));
    await screen.findByTestId('plan');
    await all.user.click(screen.getByTestId('first-run-next'));
    return all;
  }
  const next = () => screen.getByTestId('first-run-next');

  it('says what was picked, asks nothing by itself, and can be left out', async () => {
    const check = vi.fn(() => Promise.reject(fakeError('internal')));
    const { user } = await atDownload({}, { checkDownload: check });
    expect(card()?.dataset['step']).toBe('download');
    expect(card()?.textContent).toContain('Llama 3.3 70B Instruct · IQ2_XS · 21.1 GB');
    expect(check).not.toHaveBeenCalled();
    expect(next().textContent).toBe('Continue without a download');
    expect(next().classList.contains('primary')).toBe(false);
    await user.click(next());
    expect(card()?.dataset['step']).toBe('check');
  });

  it('wants the licence accepted, says what it takes, and then the check uses what came', async () => {
    const { app, user } = await atDownload();
    await user.click(screen.getByTestId('offer-download'));
    expect((await screen.findByTestId('preflight')).textContent).toContain('21.1 GB');
    expect(screen.queryByTestId('offer-start')).toBeNull();
    await user.click(screen.getByTestId('accept-licence'));
    await user.click(await screen.findByTestId('offer-start'));
    await waitFor(() => expect(screen.getByTestId('download').dataset['state']).toBe('ready'));
    expect(card()?.textContent).toContain('It goes on while you look around');
    expect(next().textContent).toBe('Continue');
    await user.click(next());
    expect(screen.getByTestId('check-which').textContent).toContain('Loads Llama-3.3-70B');
    await user.click(next());
    await screen.findByTestId('check-result');
    expect(app.engine.model?.path).toBe(app.downloads.list[0]?.path);
  });

  it('that has not ended leaves the check to the self-test model, and says so', async () => {
    const { app, user } = await atDownload({
      downloads: [download({ quant: 'IQ2_XS', name: 'Llama-3.3-70B-Instruct-IQ2_XS' })],
    });
    expect(screen.getByTestId('download-eta').textContent).toBe('about 12 minutes left');
    await user.click(next());
    expect(screen.getByTestId('check-which').textContent).toContain('not done yet');
    await user.click(next());
    await screen.findByTestId('check-result');
    expect(app.engine.model?.selfTest).toBe(true);
  });

  it('can be left out for a model that is here already', async () => {
    const broken = {
      kind: 'broken',
      sentence: 'Wrong.',
      file: 'wrong.gguf',
      repairBytes: null,
    } as const;
    const twin = localModel({ path: '/other/b.gguf', sameAs: ['/models/a/Llama-Q4_K_M.gguf'] });
    const { app, user } = await atDownload({
      library: localModels(
        localModel(),
        twin,
        localModel({ path: '/models/c.gguf', verified: broken }),
      ),
    });
    const use = await screen.findAllByTestId('use-model');
    expect(use.map((button) => button.dataset['path'])).toEqual(['/models/a/Llama-Q4_K_M.gguf']);
    await user.click(use[0]!);
    expect(screen.getByTestId('first-run-chosen').textContent).toContain('Llama-Q4_K_M');
    await user.click(next());
    await user.click(next());
    await screen.findByTestId('check-result');
    expect(app.engine.model?.path).toBe('/models/a/Llama-Q4_K_M.gguf');
  });

  it('can be left out for a file from the dialog', async () => {
    const { app, user } = await atDownload({ pickedFile: '/somewhere/Mine-Q8_0.gguf' });
    await user.click(within(screen.getByTestId('have-file')).getByTestId('first-run-file'));
    expect((await screen.findByTestId('first-run-chosen')).textContent).toContain('Mine-Q8_0.gguf');
    await user.click(next());
    expect(screen.getByTestId('check-which').textContent).toContain('Mine-Q8_0.gguf');
    await user.click(next());
    await screen.findByTestId('check-result');
    expect(app.engine.model?.path).toBe('/somewhere/Mine-Q8_0.gguf');
  });
});
