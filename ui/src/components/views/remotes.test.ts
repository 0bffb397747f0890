import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { fakeServer } from '../../lib/host/fake-remotes';
import type { RemoteServer } from '../../lib/host';
import { HeldAnswer, startedApp } from '../../test/hosts';

const here: RemoteServer = {
  ...fakeServer,
  id: 'r2',
  name: 'Ollama',
  address: 'http://localhost:11434/v1',
  host: 'localhost:11434',
  thisComputer: true,
  key: 'none',
  models: [{ id: 'gemma3:4b', nCtx: null }],
};
const known = { remotes: [fakeServer, here] };
const path = (server: RemoteServer, at = 0) => `remote://${server.id}/${server.models[at]?.id}`;

async function opened(...[options = known, change = {}]: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(options, change);
  render(App, { app });
  await tick();
  return { app, host, user };
}

async function inSettings(...args: Parameters<typeof startedApp>) {
  const all = await opened(...args);
  await all.user.click(screen.getByTestId('nav-settings'));
  await screen.findByTestId('row-remotes');
  return all;
}

const rows = () => screen.queryAllByTestId('remote-row');

describe('other servers in the settings', () => {
  it('are none at first, and one is added with its key, which is not kept in the page', async () => {
    const { app, user } = await inSettings({});
    expect(screen.getByTestId('remotes-none')).toBeTruthy();
    await user.click(screen.getByTestId('remote-add'));
    const address = screen.getByTestId('remote-address');
    expect(document.activeElement).toBe(address);
    expect(screen.getByTestId<HTMLButtonElement>('remote-save').disabled).toBe(true);
    await user.type(address, 'http://locked:8000/v1');
    await user.type(screen.getByTestId('remote-key'), 'right');
    await user.keyboard('{Enter}');
    await waitFor(() => expect(rows()).toHaveLength(1));
    expect(rows()[0]?.textContent).toContain('locked:8000');
    expect(screen.getByTestId('remote-facts').textContent).toContain('key in the keychain');
    expect(screen.getByTestId('remote-facts').textContent).toContain('leaves this computer');
    expect(screen.queryByTestId('remote-form')).toBeNull();
    expect(document.activeElement).toBe(screen.getByTestId('remote-add'));
    expect(app.engine.models.some((entry) => entry.remote?.host === 'locked:8000')).toBe(true);
    expect(document.body.innerHTML).not.toContain('right"');
  });

  it('keep what was typed when a server refuses', async () => {
    const { user } = await inSettings({});
    await user.click(screen.getByTestId('remote-add'));
    await user.type(screen.getByTestId('remote-address'), 'http://locked/v1');
    await user.type(screen.getByTestId('remote-key'), 'wrong');
    await user.click(screen.getByTestId('remote-save'));
    const problem = await screen.findByTestId('remote-add-problem');
    expect(problem.textContent).toContain('refuses the key');
    expect(screen.getByTestId<HTMLInputElement>('remote-address').value).toBe('http://locked/v1');
    expect(rows()).toHaveLength(0);
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('remote-form')).toBeNull();
  });

  it('are renamed, given another key and refreshed', async () => {
    const { user } = await inSettings();
    await waitFor(() => expect(rows()).toHaveLength(2));
    const row = within(rows()[0] as HTMLElement);
    await user.click(row.getByTestId('remote-rename'));
    const field = row.getByTestId<HTMLInputElement>('remote-field');
    expect(field.value).toBe('The box');
    await user.clear(field);
    await user.type(field, 'Our box{Enter}');
    await waitFor(() => expect(rows()[0]?.textContent).toContain('Our box'));
    expect(document.activeElement).toBe(row.getByTestId('remote-rename'));

    await user.click(row.getByTestId('remote-change-key'));
    expect(row.getByTestId<HTMLInputElement>('remote-field').type).toBe('password');
    await user.click(row.getByTestId('remote-key-forget'));
    await waitFor(() => expect(row.getByTestId('remote-facts').textContent).toContain('no key'));
    await user.click(row.getByTestId('remote-refresh'));
    await waitFor(() => expect(screen.getByTestId('announcer').textContent).toContain('Our box'));
  });

  it('say what went wrong with the one it went wrong with', async () => {
    const nobody = { ...fakeServer, address: 'http://nobody/v1' };
    const { user } = await inSettings({ remotes: [nobody, here] });
    await waitFor(() => expect(rows()).toHaveLength(2));
    await user.click(within(rows()[0] as HTMLElement).getByTestId('remote-refresh'));
    const problem = await within(rows()[0] as HTMLElement).findByTestId('remote-problem');
    expect(problem.textContent).toContain('cannot be reached');
    expect(within(rows()[1] as HTMLElement).queryByTestId('remote-problem')).toBeNull();
  });

  it('are removed after a question, and their model with them', async () => {
    const { app, user } = await inSettings();
    await app.engine.load(path(fakeServer));
    await waitFor(() => expect(rows()).toHaveLength(2));
    await user.click(within(rows()[0] as HTMLElement).getByTestId('remote-remove'));
    await user.keyboard('{Escape}');
    expect(rows()).toHaveLength(2);
    await user.click(within(rows()[0] as HTMLElement).getByTestId('remote-remove'));
    await user.click(screen.getByTestId('remote-remove-ask-yes'));
    await waitFor(() => expect(rows()).toHaveLength(1));
    expect(app.engine.state.status).toBe('noModel');
    expect(app.engine.models.some((entry) => entry.remote?.server === 'r1')).toBe(false);
  });

  it('say when a key has to be entered again', async () => {
    await inSettings({ remotes: [{ ...fakeServer, key: 'lost' }] });
    const facts = await screen.findByTestId('remote-facts');
    expect(facts.textContent).toContain('has to be entered again');
  });
});

describe('a model of another server', () => {
  it('is in a group of its own that says where words go', async () => {
    const { user } = await opened();
    await user.click(screen.getByTestId('model-picker'));
    const [away, near] = screen.getAllByTestId('remote-group');
    expect(away?.textContent).toContain('leaves this computer and goes to gpu-box:8000');
    expect(away?.textContent).toContain('32,768 tokens of context');
    expect(near?.textContent).toContain('Another program on this computer');
    expect(near?.textContent).not.toContain('leaves');
    await user.click(within(away as HTMLElement).getAllByTestId('remote-option')[0] as HTMLElement);
    await waitFor(() =>
      expect(screen.getByTestId('remote-mark').textContent).toContain('gpu-box:8000'),
    );
    expect(screen.getByTestId('goes-to').textContent).toContain('gpu-box:8000');
    expect(screen.getByTestId('model-picker').getAttribute('aria-label')).toContain(
      'Answers come from gpu-box:8000',
    );
  });

  it('is reached with the arrow keys after the models that are here', async () => {
    const { user } = await opened();
    await user.click(screen.getByTestId('model-picker'));
    await user.keyboard('{End}');
    expect(document.activeElement?.textContent).toContain('gemma3:4b');
  });

  it('on this very computer lets nothing leave it, and says nothing of the kind', async () => {
    const { app } = await opened();
    await app.engine.load(path(here));
    await tick();
    expect(screen.getByTestId('remote-mark').textContent).toContain('localhost:11434');
    expect(screen.queryByTestId('goes-to')).toBeNull();
  });

  it('has no gauge where nobody tells how much it takes, and the engine’s row no figures', async () => {
    const { app, user } = await opened();
    await app.engine.load(path(fakeServer, 1));
    await user.type(screen.getByTestId('composer'), 'Hello there');
    await waitFor(() => expect(screen.getByTestId('token-count').textContent).toMatch(/3/));
    expect(screen.queryByTestId('context')).toBeNull();
    await user.click(screen.getByTestId('nav-settings'));
    const loaded = await screen.findByTestId('loaded-model');
    expect(loaded.textContent).toBe('qwen3:32b on gpu-box:8000');
  });

  it('is waited for by its host’s name', async () => {
    const held = new HeldAnswer();
    const { app, user } = await opened(known, { chatSend: held.chatSend });
    await app.engine.load(path(fakeServer));
    await user.type(screen.getByTestId('composer'), 'hello{Enter}');
    held.start();
    const { model } = app.engine;
    if (!model) throw new Error('a model is chosen');
    const prompt = { conversationId: 'c9', processed: 0, total: 0, cached: 0 };
    app.engine.state = { status: 'understanding', model, ...prompt };
    await tick();
    expect(screen.getByTestId('engine-state').textContent).toContain('Waiting for gpu-box:8000');
    expect(screen.getByTestId('waiting').textContent).toContain('Waiting for gpu-box:8000');
    held.end();
  });

  it('is no longer offered to go on with an answer that was stopped', async () => {
    const { app, user } = await opened();
    await user.type(screen.getByTestId('composer'), '/fail internal{Enter}');
    await waitFor(() => expect(screen.getByTestId('continue')).toBeTruthy());
    await app.engine.load(path(fakeServer));
    await tick();
    expect(screen.queryByTestId('continue')).toBeNull();
  });

  it('has errors with what helps: the servers, another model, another try', async () => {
    const { app, user } = await opened();
    await app.engine.load(path(fakeServer));
    const cases = [
      ['remoteFailed', 'tryAgain'],
      ['remoteRefused', 'chooseModel'],
      ['remoteKey', 'checkServer'],
    ] as const;
    for (const [code, action] of cases) {
      await user.type(screen.getByTestId('composer'), `/nothing ${code}{Enter}`);
      await waitFor(() => {
        const card = screen.getAllByTestId('error-card').at(-1);
        expect(card?.dataset['code']).toBe(code);
      });
      expect(screen.getAllByTestId('error-action').at(-1)?.dataset['action']).toBe(action);
    }
    await user.click(screen.getAllByTestId('error-action').at(-1) as HTMLElement);
    await screen.findByTestId('settings-remotes');
    expect(document.activeElement?.id).toBe('settings-remotes-title');
  });
});

describe('privacy', () => {
  it('no server is asked for anything before a click', async () => {
    const add = vi.fn();
    const { app, user } = await opened(known, {
      addRemote: add,
      refreshRemote: add,
      setRemoteKey: add,
    });
    await user.click(screen.getByTestId('model-picker'));
    await user.keyboard('{Escape}');
    await app.engine.load(path(fakeServer));
    await user.click(screen.getByTestId('nav-settings'));
    await waitFor(() => expect(rows()).toHaveLength(2));
    await user.type(screen.getByTestId('settings-search'), 'ollama');
    expect(add).not.toHaveBeenCalled();
  });
});
