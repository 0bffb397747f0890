import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import App from '../../App.svelte';
import { fakeError } from '../../lib/host/fake-script';
import { sampleConversations } from '../../lib/host/fake-samples';
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
    for (let i = 0; i < 3; i += 1) await user.click(screen.getByTestId('first-run-next'));
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
    await waitFor(() => expect(app.planning.recommendation?.computer).toMatch(/^This computer/));
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
