import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { EngineNotes } from '../../lib/host';
import { startedApp } from '../../test/hosts';
import Provided from '../../test/Provided.svelte';
import LoadCard from './LoadCard.svelte';
import ModelNotes from '../shared/ModelNotes.svelte';
import ModelPicker from './ModelPicker.svelte';

const asked = { nCtx: 4096, nGpuLayers: null, nThreads: null };
const path = '/models/M-Q8_0.gguf';

async function shown(notes: Partial<EngineNotes>, change: Parameters<typeof startedApp>[1] = {}) {
  const user = userEvent.setup();
  const { app, host } = await startedApp({ notes: { path, asked, ...notes } }, change);
  render(Provided, { app, part: ModelNotes });
  return { app, host, user };
}

const text = (testId: string) =>
  screen.getByTestId(testId).textContent?.replace(/\s+/g, ' ').trim();

describe('the notes at a model', () => {
  it('are nothing where there is nothing to say', async () => {
    await shown({});
    expect(screen.queryByTestId('model-notes')).toBeNull();
  });

  it('tell each step that a load took, and offer the full settings again', async () => {
    const loadModelAs = vi.fn(() => Promise.resolve());
    const steps: EngineNotes['steps'] = [
      {
        change: { kind: 'fewerLayers', from: 33, to: 24 },
        shortOf: 'gpu',
        neededBytes: 9.2e9,
        freeBytes: 8e9,
      },
      { change: { kind: 'smallerKvCache' }, shortOf: 'gpu', neededBytes: null, freeBytes: null },
    ];
    const { user } = await shown({ steps, remembered: true }, { loadModelAs });
    const said = screen.getAllByTestId('note-step').map((step) => step.textContent);
    expect(said).toEqual([
      'Layers on the graphics card: 33 → 24 (graphics memory needed 9.2 GB, free 8 GB)',
      'KV cache: 16 → 8 bits',
    ]);
    expect(text('note-remembered')).toContain('the last time');
    await user.click(screen.getByTestId('load-in-full'));
    expect(loadModelAs).toHaveBeenCalledWith(path, asked, { anyway: true, inFull: true });
  });

  it('say why a load was held back; it can be made anyway, or a smaller file taken', async () => {
    const loadModelAs = vi.fn(() => Promise.resolve());
    const loadModel = vi.fn(() => Promise.resolve());
    const smaller = { path: '/models/M-Q4_0.gguf', name: 'M', quant: 'Q4_0', sizeBytes: 4.1e9 };
    const concerns: EngineNotes['concerns'] = [
      { kind: 'notEnoughRam', neededBytes: 12e9, freeBytes: 8e9 },
    ];
    const { user } = await shown({ concerns, heldBack: true, smaller }, { loadModelAs, loadModel });
    expect(text('note-concern')).toContain('12 GB');
    await user.click(screen.getByTestId('load-anyway'));
    expect(loadModelAs).toHaveBeenCalledWith(path, asked, { anyway: true, inFull: false });
    await user.click(screen.getByTestId('load-smaller'));
    expect(loadModel).toHaveBeenCalledWith(smaller.path, asked);
  });

  it('name the mode that reads from the disk, its price, and what an answer cost', async () => {
    const live = { readBytes: 6.2e9, nTokens: 4, seconds: 9.2 };
    await shown({
      fromDisk: {
        leastBytes: 12e9,
        mostBytes: 31e9,
        leastS: 4.2,
        mostS: 16,
        diskGbS: 2.9,
        diskMeasured: false,
        live,
      },
      ramLimit: { bytes: 12e9, enforced: false },
    });
    expect(text('note-from-disk')).toBe('Larger than RAM');
    expect(text('model-notes')).toContain('12 GB–31 GB from the disk');
    expect(text('model-notes')).toContain('about 4.2–16 s per token');
    expect(text('model-notes')).toContain('The speed of the disk is assumed.');
    expect(text('note-live')).toBe('This answer: 6.2 GB read, 2.3 s per token.');
    expect(text('note-ram-limit')).toContain('only planned with');
  });

  it('say when the card is not used and when answers are too slow', async () => {
    const expected = { low: 40, high: 62, basis: 'estimated' as const };
    await shown({
      notOnGpu: { kind: 'unusable', gpu: 'RTX 4090' },
      slower: { measuredTokS: 3.1, expected, because: 'gpuNotUsed' },
    });
    expect(text('note-not-on-gpu')).toContain('RTX 4090');
    expect(text('note-slower')).toContain('3.1 tok/s instead of 40–62 tok/s');
    expect(text('note-slower')).toContain('driver');
  });
});

describe('a load under way', () => {
  it('can be stopped', async () => {
    const stopLoad = vi.fn(() => Promise.resolve());
    const user = userEvent.setup();
    const { app } = await startedApp({ loaded: false }, { stopLoad });
    app.engine.state = {
      status: 'loading',
      path,
      name: 'M',
      phase: 'reading',
      fraction: 0.3,
      elapsedMs: 900,
    };
    render(Provided, { app, part: LoadCard });
    await user.click(screen.getByTestId('stop-load'));
    expect(stopLoad).toHaveBeenCalled();
  });
});

describe('the picker', () => {
  it('says when the model goes, and when it went', async () => {
    const user = userEvent.setup();
    const { app } = await startedApp();
    render(Provided, { app, part: ModelPicker });
    await user.click(screen.getByTestId('model-picker'));
    await waitFor(() => expect(text('model-rest')).toBe('Unloads after 5 min without a message.'));
    app.engine.state = { status: 'resting', path, name: 'M', idleSeconds: 300 };
    await waitFor(() => expect(text('model-rest')).toContain('Unloaded after 5 min'));
    expect(screen.getByTestId('model-picker').textContent).toContain('M');
  });
});
