import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { startedApp } from '../../test/hosts';

async function opened(...[options = {}, change = {}]: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(options, change);
  render(App, { app });
  await tick();
  await user.click(screen.getByTestId('nav-settings'));
  await screen.findByTestId('server-state');
  return { app, host, user };
}

const state = () => screen.getByTestId('server-state');

describe('the local server in the settings', () => {
  it('is off until it is switched on, and then says its address', async () => {
    const { user } = await opened();
    await waitFor(() => expect(state().dataset['state']).toBe('off'));
    expect(state().textContent).toContain('Nothing listens on any port');
    await user.click(screen.getByTestId('setting-server'));
    expect((await screen.findByTestId('server-address')).textContent).toContain(
      'http://127.0.0.1:12434/v1',
    );
    expect(screen.getByTestId<HTMLInputElement>('setting-server').checked).toBe(true);
    await user.click(screen.getByTestId('setting-server'));
    await waitFor(() => expect(state().dataset['state']).toBe('off'));
  });

  it('shows its key only when that is wanted, and another one when it is renewed', async () => {
    const { user } = await opened();
    expect(screen.queryByTestId('server-key')).toBeNull();
    await user.click(screen.getByTestId('server-key-show'));
    expect((await screen.findByTestId('server-key')).textContent).toBe('paddock-token-1');
    expect(screen.getByTestId('row-server-key').textContent).toContain('no keychain');
    await user.click(screen.getByTestId('server-key-renew'));
    expect(screen.getByTestId('server-key-ask').textContent).toContain('are refused');
    await user.click(screen.getByTestId('server-key-ask-yes'));
    await waitFor(() =>
      expect(screen.getByTestId('server-key').textContent).toBe('paddock-token-2'),
    );
    await user.click(screen.getByTestId('server-key-show'));
    expect(screen.queryByTestId('server-key')).toBeNull();
  });

  it('copies the key without showing it', async () => {
    const { user } = await opened();
    const write = vi.spyOn(navigator.clipboard, 'writeText');
    await user.click(screen.getByTestId('server-key-copy'));
    await waitFor(() => expect(write).toHaveBeenCalledWith('paddock-token-1'));
    expect(screen.queryByTestId('server-key')).toBeNull();
  });

  it('says in words why it cannot run, and runs on another port', async () => {
    const { user } = await opened();
    const port = screen.getByTestId('server-port');
    await waitFor(() => expect((port as HTMLInputElement).value).toBe('12434'));
    await user.clear(port);
    await user.type(port, '11434{Tab}');
    await user.click(screen.getByTestId('setting-server'));
    const problem = await screen.findByTestId('server-problem');
    expect(problem.textContent).toMatch(/Port 11434 is taken by .*ollama \(process 4242\)/);
    expect(problem.textContent).toContain('choose another port');
    await user.clear(port);
    await user.type(port, '12000{Tab}');
    expect((await screen.findByTestId('server-address')).textContent).toContain(':12000/v1');
  });

  it('takes no port and no number that makes no sense', async () => {
    const setServer = vi.fn();
    const { user } = await opened({}, { setServer });
    for (const [field, typed] of [
      ['port', '80'],
      ['port', 'x'],
      ['parallel', '0'],
      ['parallel', '65'],
    ] as const) {
      const input = screen.getByTestId(`server-${field}`);
      await user.clear(input);
      await user.type(input, `${typed}{Tab}`);
      expect(input.getAttribute('aria-invalid')).toBe('true');
      expect(screen.getByTestId(`row-server-${field}`).textContent).toContain('A whole number');
    }
    expect(setServer).not.toHaveBeenCalled();
  });

  it('opens to the network with a warning, and says the address there', async () => {
    const { user } = await opened();
    expect(screen.getByTestId('settings-server').textContent).toContain('not encrypted');
    await waitFor(() => expect(state().dataset['state']).toBe('off'));
    await user.click(screen.getByTestId('setting-server'));
    await user.click(screen.getByTestId('setting-server-lan'));
    expect((await screen.findByTestId('server-lan-address')).textContent).toContain('192.168.1.5');
  });

  it('counts what is running and what waits', async () => {
    const settings = { on: true, port: 12434, lan: false, nParallel: 4 };
    const on = { kind: 'on', url: 'http://127.0.0.1:12434', lanUrl: null } as const;
    await opened({ server: { settings, state: on, running: 2, waiting: 5 } });
    expect((await screen.findByTestId('server-load')).textContent).toContain(
      'Running: 2 · waiting: 5',
    );
  });
});
