import axe from 'axe-core';
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { sample } from '../../lib/host/fake-library';
import { fakeError } from '../../lib/host/fake-script';
import type { CopyEvent } from '../../lib/host';
import { startedApp } from '../../test/hosts';

async function asked(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const [options = {}, change] = args;
  const { app, host } = await startedApp({ library: sample, ...options }, change);
  render(App, { app });
  await user.click(screen.getByTestId('nav-models'));
  await user.click(screen.getByTestId('models-tab-library'));
  await user.click(screen.getAllByTestId('library-copy')[0]!);
  return { app, host, user };
}

describe('a smaller copy of a model', () => {
  it('is offered with its size, how good it will be, and where', async () => {
    await asked();
    const copy = await screen.findByTestId('copy');
    expect(screen.getByTestId<HTMLSelectElement>('copy-quant').value).toBe('Q4_K_M');
    expect(copy.textContent).toContain('4.9 GB');
    expect(copy.textContent).toContain('/models/a-Q4_K_M.gguf');
    expect(screen.queryByTestId('copy-again')).toBeNull();
  });

  it('warns where the model has lost something already', async () => {
    const options = [{ quant: 'Q2_K', sizeBytes: 1e9, quality: 'poor' as const, path: '/q.gguf' }];
    await asked({ copies: { again: true, options } });
    expect((await screen.findByTestId('copy-again')).textContent).toContain('quantized already');
  });

  it('says where nothing is smaller', async () => {
    await asked({ copies: { again: false, options: [] } });
    expect((await screen.findByTestId('copy-none')).textContent).toContain('nothing smaller');
  });

  it('is made, with progress, and told when it is there', async () => {
    let emit: (event: CopyEvent) => void = () => undefined;
    let end: (path: string | null) => void = () => undefined;
    const copyModel = vi.fn((_path: string, _quant: string, onEvent: typeof emit) => {
      emit = onEvent;
      return new Promise<string | null>((resolve) => (end = resolve));
    });
    const { app, user } = await asked({}, { copyModel });
    await user.selectOptions(await screen.findByTestId('copy-quant'), 'Q8_0');
    await user.click(screen.getByTestId('copy-make'));
    expect(copyModel.mock.calls[0]?.[1]).toBe('Q8_0');
    emit({ tensorsDone: 147, tensors: 294 });
    await waitFor(() =>
      expect(screen.getByTestId('copy-track').getAttribute('aria-valuenow')).toBe('50'),
    );
    end('/models/a-Q8_0.gguf');
    await waitFor(() => expect(screen.queryByTestId('copy')).toBeNull());
    expect(app.announcer.text).toContain('/models/a-Q8_0.gguf');
  });

  it('can be stopped', async () => {
    let end: (path: string | null) => void = () => undefined;
    const copyModel = () => new Promise<string | null>((resolve) => (end = resolve));
    const stopCopy = vi.fn(() => Promise.resolve(end(null)));
    const { app, user } = await asked({}, { copyModel, stopCopy });
    await user.click(await screen.findByTestId('copy-make'));
    await user.click(screen.getByTestId('copy-stop'));
    await waitFor(() => expect(screen.queryByTestId('copy')).toBeNull());
    expect(stopCopy).toHaveBeenCalledOnce();
    expect(app.announcer.text).toContain('Nothing of the copy was kept');
  });

  it('that cannot be made says why', async () => {
    const copyModel = () => Promise.reject(fakeError('storage'));
    const { user } = await asked({}, { copyModel });
    await user.click(await screen.findByTestId('copy-make'));
    expect((await screen.findByTestId('error-card')).dataset.code).toBe('storage');
  });

  it('has nothing that axe finds wrong', async () => {
    await asked();
    await screen.findByTestId('copy-quant');
    const rules = { 'color-contrast': { enabled: false } };
    const { violations } = await axe.run(document.body, { rules });
    expect(violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html}`))).toEqual([]);
  });
});
