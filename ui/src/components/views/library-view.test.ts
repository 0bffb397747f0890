import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { sample } from '../../lib/host/fake-library';
import { fakeError } from '../../lib/host/fake-script';
import { localModel, localModels } from '../../test/downloads';
import { startedApp } from '../../test/hosts';

async function opened(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(...args);
  render(App, { app });
  await user.click(screen.getByTestId('nav-models'));
  await user.click(screen.getByTestId('models-tab-library'));
  return { app, host, user };
}

const models = () => screen.queryAllByTestId('library-model');
const named = (name: string) => models().find((m) => m.getAttribute('aria-label') === name)!;

describe('the models on this computer', () => {
  it('are shown place by place, with what is wrong in a word', async () => {
    await opened({ library: sample });
    const places = screen.getAllByTestId('library-place');
    expect(places.map((p) => within(p).queryAllByTestId('library-model').length)).toEqual([
      4, 1, 1, 0,
    ]);
    expect(places[3]!.textContent).toContain('Is its drive connected?');
    expect(screen.getAllByTestId('verified').map((v) => v.textContent.trim())).toEqual([
      'Verified',
      'Not verified yet',
      'Broken',
      'No checksum',
      'Changed since',
      'No checksum',
    ]);
    expect(named('Split').textContent).toContain('Part 3 of 3 is missing.');
    const chat = within(named('Split')).getByTestId<HTMLButtonElement>('library-chat');
    expect(chat.disabled).toBe(true);
  });

  it('say what is there twice, and what that takes', async () => {
    await opened({ library: sample });
    expect(screen.getByTestId('library-duplicates').textContent).toContain('2 GB are taken');
    expect(screen.getAllByTestId('library-same')[0]!.textContent).toContain('/.lmstudio/models/');
  });

  it('lead to a download where there is none', async () => {
    const { user } = await opened();
    const empty = screen.getByTestId('library-empty');
    await user.click(within(empty).getByRole('button'));
    expect(screen.getByTestId('find')).toBeTruthy();
  });

  it('are deleted without a question, and brought back', async () => {
    const { app, user } = await opened({ library: localModels(localModel()) });
    await user.click(screen.getByTestId('library-delete'));
    const bar = await screen.findByTestId('library-deleted');
    expect(bar.textContent).toContain('4.9 GB will be free when Paddock is closed');
    expect(models()).toHaveLength(0);
    expect(app.announcer.text).toContain('Deleted: Llama-Q4_K_M');
    await user.click(screen.getByTestId('library-undo'));
    await waitFor(() => expect(models()).toHaveLength(1));
    expect(screen.queryByTestId('library-deleted')).toBeNull();
  });

  it('of other programs cannot be deleted', async () => {
    await opened({ library: localModels(localModel({ canDelete: false })) });
    expect(screen.queryByTestId('library-delete')).toBeNull();
  });

  it('are verified, and say how it ended', async () => {
    const model = localModel({ verified: { kind: 'unverified' } });
    const { app, user } = await opened({ library: localModels(model) });
    await user.click(screen.getByTestId('library-verify'));
    await waitFor(() =>
      expect(screen.getByTestId('verified').dataset['verified']).toBe('verified'),
    );
    expect(app.announcer.text).toBe('Llama-Q4_K_M: Verified');
  });

  it('show how far a verification is', async () => {
    const model = localModel({ verified: { kind: 'checking', checkedBytes: 2_450_000_000 } });
    await opened({ library: localModels(model) });
    expect(screen.getByTestId('verified').textContent).toContain('50 %');
    expect(screen.getByTestId('library-verifying').getAttribute('aria-valuenow')).toBe('50');
    expect(screen.queryByTestId('library-verify')).toBeNull();
  });

  it('that are broken say what a repair fetches, and lead to the download that does it', async () => {
    const { app, user } = await opened({ library: sample });
    const repair = screen.getByTestId('library-repair');
    expect(repair.textContent).toBe('Repair: fetch 67.1 MB again');
    await user.click(repair);
    await waitFor(() => expect(screen.getByTestId('downloads')).toBeTruthy());
    expect(app.downloads.list[0]?.repo).toBe('lab/Bitten-7B-GGUF');
  });

  it('say why something could not be done, at the model it is about', async () => {
    const { user } = await opened(
      { library: sample },
      { deleteModel: () => Promise.reject(fakeError('busy')) },
    );
    await user.click(within(named('Bitten-7B-Q4_K_M')).getByTestId('library-delete'));
    expect(await within(named('Bitten-7B-Q4_K_M')).findByTestId('error-card')).toBeTruthy();
    expect(screen.getAllByTestId('error-card')).toHaveLength(1);
  });

  it('are planned only when somebody wants to know', async () => {
    const { host, user } = await opened({ library: localModels(localModel()) });
    const planFile = vi.spyOn(host, 'planFile');
    expect(planFile).not.toHaveBeenCalled();
    await user.click(screen.getByTestId('library-fits'));
    expect((await screen.findByTestId('library-plan')).textContent).toContain('Fits with RAM');
  });

  it('are loaded and talked to', async () => {
    const { app, user } = await opened({ library: localModels(localModel()) });
    await user.click(screen.getByTestId('library-chat'));
    expect(screen.queryByTestId('models-view')).toBeNull();
    await waitFor(() => expect(app.engine.model?.path).toBe('/models/a/Llama-Q4_K_M.gguf'));
  });

  it('come from folders that can be added and left out again', async () => {
    const { user } = await opened({ pickedFolder: '/media/big/models' });
    await user.click(screen.getByTestId('library-add-folder'));
    await waitFor(() => expect(models()).toHaveLength(1));
    await user.click(screen.getByTestId('library-remove-folder'));
    await waitFor(() => expect(models()).toHaveLength(0));
  });
});
