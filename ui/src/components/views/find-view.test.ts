import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { fakeError } from '../../lib/host/fake-script';
import { startedApp } from '../../test/hosts';

async function opened(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(...args);
  const search = vi.spyOn(host, 'searchHub');
  render(App, { app });
  await user.click(screen.getByTestId('nav-models'));
  await user.click(screen.getByTestId('models-tab-find'));
  return { app, host, search, user };
}

async function openedRepo(repo: string, ...args: Parameters<typeof startedApp>) {
  const all = await opened(...args);
  await all.user.type(screen.getByTestId('find-words'), `${repo}{Enter}`);
  await screen.findByTestId('remote-models');
  return all;
}

const model = (quant: string) =>
  screen.getAllByTestId('remote-model').find((row) => row.dataset['quant'] === quant)!;
const small = 'bartowski/Llama-3.2-1B-Instruct-GGUF';
const qwen = 'Qwen/Qwen2.5-7B-Instruct-GGUF';

describe('the search', () => {
  it('sends nothing before Enter, and then shows what there is', async () => {
    const { search, user } = await opened();
    await user.type(screen.getByTestId('find-words'), 'gemma');
    expect(search).not.toHaveBeenCalled();
    await user.keyboard('{Enter}');
    expect(search).toHaveBeenCalledExactlyOnceWith('gemma');
    const found = await screen.findAllByTestId('repo');
    expect(found).toHaveLength(2);
    expect(found[0]!.textContent).toContain('google/gemma-3-27b-it-GGUF');
    expect(found[0]!.textContent).toContain('gated');
    expect(found[0]!.textContent).toContain('30,112 downloads a month');
    expect(found[1]!.textContent).not.toContain('gated');
  });

  it('says that nothing was found', async () => {
    const { user } = await opened();
    await user.type(screen.getByTestId('find-words'), 'nosuch{Enter}');
    expect((await screen.findByTestId('repos-nothing')).textContent).toContain('“nosuch”');
  });

  it('says that there is no connection, and tries again', async () => {
    const { search, user } = await opened();
    await user.type(screen.getByTestId('find-words'), 'offline{Enter}');
    const card = await screen.findByTestId('error-card');
    expect(card.textContent).toContain('cannot be reached');
    await user.click(within(card).getByTestId('error-action'));
    expect(search).toHaveBeenCalledTimes(2);
  });
});

describe('an opened repository', () => {
  it('takes the focus, and leads back to what was found', async () => {
    const { user } = await opened();
    await user.type(screen.getByTestId('find-words'), 'instruct{Enter}');
    await user.click((await screen.findAllByTestId('repo'))[0]!);
    expect(document.activeElement?.tagName).toBe('H3');
    await user.click(screen.getByTestId('repo-back'));
    expect(screen.getAllByTestId('repo').length).toBeGreaterThan(1);
    expect(document.activeElement).toBe(screen.getByTestId('find-words'));
  });

  it('is left by Esc, and the view by another', async () => {
    const { user } = await openedRepo(small);
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('repo-view')).toBeNull();
    expect(screen.getByTestId('models-view')).toBeTruthy();
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('models-view')).toBeNull();
  });

  it('shows what each model takes and gives, from its header', async () => {
    await openedRepo(small);
    await waitFor(() => expect(model('Q4_K_M').dataset['plan']).toBe('known'));
    expect(within(model('Q4_K_M')).getByTestId('verdict').textContent).toContain('Fits on the GPU');
    expect(model('Q4_K_M').textContent).toContain('Very good');
    expect(model('Q4_K_M').textContent).toMatch(/\d+–\d/);
    expect(model('Q4_K_M').textContent).toContain('GiB');
  });

  it('has the name of its column with every value, for where there is no room for columns', async () => {
    await openedRepo(small);
    await waitFor(() => expect(model('Q4_K_M').dataset['plan']).toBe('known'));
    const columns = within(screen.getByTestId('remote-models')).getAllByRole('columnheader');
    const values = [...model('Q4_K_M').querySelectorAll<HTMLElement>('[data-label]')];
    expect(values.map((value) => value.dataset['label'])).toEqual(
      columns.slice(1, -1).map((column) => column.textContent),
    );
  });

  it('says that a header could not be read, and reads it again when asked to', async () => {
    const { user } = await openedRepo(qwen);
    await waitFor(() => expect(model('Q3_K_M').dataset['plan']).toBe('failed'));
    await user.click(within(model('Q3_K_M')).getByTestId('plan-again'));
    await waitFor(() => expect(model('Q3_K_M').dataset['plan']).toBe('known'));
  });

  it('says what can no longer be used instead of offering it', async () => {
    await openedRepo('bartowski/Llama-3.3-70B-Instruct-GGUF');
    const dead = model('Q4_0_4_4');
    expect(within(dead).getByTestId('remote-problem').textContent).toContain('dropped');
    expect(within(dead).queryByTestId('remote-download')).toBeNull();
  });

  it('downloads after it said what that takes, and shows it as on its way and then as here', async () => {
    const { app, user } = await openedRepo(qwen);
    await user.click(within(model('Q4_K_M')).getByTestId('remote-download'));
    const before = await screen.findByTestId('preflight');
    expect(before.textContent).toContain('4.6 GB');
    expect(before.textContent).toContain('412 GB, 407.4 GB afterwards');
    expect(before.textContent).toContain('/paddock/models');
    expect(app.downloads.list).toHaveLength(0);
    await user.click(screen.getByTestId('offer-start'));
    await waitFor(() => expect(app.downloads.list[0]?.state.kind).toBe('ready'));
    expect(within(model('Q4_K_M')).queryByTestId('remote-download')).toBeNull();
  });

  it('wants the Llama licence accepted before the first download, and not again', async () => {
    const { app, user } = await openedRepo(small);
    await user.click(within(model('Q4_K_M')).getByTestId('remote-download'));
    const licence = await screen.findByTestId('licence');
    expect(licence.textContent).toContain('Built with Llama');
    expect(screen.getByTestId('licence-link').textContent).toContain('https://www.llama.com/');
    expect(screen.queryByTestId('offer-start')).toBeNull();
    await user.click(screen.getByTestId('accept-licence'));
    await user.click(await screen.findByTestId('offer-start'));
    await waitFor(() => expect(app.downloads.list).toHaveLength(1));
    await user.click(within(model('Q8_0')).getByTestId('remote-download'));
    expect(await screen.findByTestId('offer-start')).toBeTruthy();
    expect(screen.queryByTestId('licence')).toBeNull();
  });

  it('says what is missing where there is too little room', async () => {
    const { app, user } = await openedRepo('lab/Troubles-GGUF');
    await user.click(within(model('disk')).getByTestId('remote-download'));
    expect((await screen.findByTestId('error-card')).textContent).toContain(
      'needs 4.4 GB more and 3.1 GB are free',
    );
    expect(screen.queryByTestId('offer-start')).toBeNull();
    expect(app.downloads.list).toHaveLength(0);
  });

  it('that is gated says so, reads no header, and opens with a token', async () => {
    const { host, user } = await openedRepo('google/gemma-3-27b-it-GGUF');
    const plans = vi.spyOn(host, 'planRemote');
    expect(screen.getByTestId('gated').textContent).toContain('accept the terms there');
    expect((await screen.findByTestId('token-place')).textContent).toContain('No access token');
    expect(plans).not.toHaveBeenCalled();
    await user.type(screen.getByTestId('token-input'), 'hf_abc{Enter}');
    await waitFor(() => expect(screen.queryByTestId('gated')).toBeNull());
    await waitFor(() => expect(model('Q4_K_M').dataset['plan']).toBe('known'));
  });

  it('that refuses the token that is kept explains that too', async () => {
    await openedRepo(
      'google/gemma-3-27b-it-GGUF',
      { token: 'keychain' },
      { planRemote: () => Promise.reject(fakeError('gated')) },
    );
    expect((await screen.findByTestId('gated')).textContent).toContain('one of another account');
    expect(screen.getByTestId('token-forget')).toBeTruthy();
  });
});
