import { describe, expect, it } from 'vitest';
import { benchRecord } from '../host/fake-bench';
import { overLayers, overSize, percentDone, speedOf, testName, ticks } from './benchmarks';

const bare = (text: string) => text.replace(/[\u2066-\u2069]/g, '');

describe('a measurement in figures', () => {
  it('is named as llama-bench names it, with its deviation', () => {
    const [prompt, writing] = benchRecord().runs[0]!.tests;
    expect(bare(testName(prompt!))).toBe('pp512');
    expect(bare(testName({ ...writing!, depth: 2048 }))).toBe('tg128 @ d2048');
    expect(bare(speedOf({ ...writing!, tokS: 12.254, stddev: 0.5 }))).toBe('12.25 ± 0.50');
  });

  it('is as far as its loads and runs are', () => {
    expect(percentDone(null)).toBe(0);
    const loads = { loadsDone: 1, loads: 2 };
    expect(percentDone({ type: 'loading', ...loads, fraction: 1 })).toBe(55);
    const tests = { testsDone: 1, tests: 2, repetitionsDone: 3, repetitions: 3 };
    expect(percentDone({ type: 'measuring', ...loads, ...tests })).toBe(100);
  });

  it('becomes points: over layers, and over the size of every model once', () => {
    const run = benchRecord().runs[0]!;
    const swept = { ...benchRecord(), runs: [33, 0].map((nGpuLayers) => ({ ...run, nGpuLayers })) };
    expect(overLayers(swept).map((point) => point.x)).toEqual([0, 33]);
    const older = benchRecord({ id: 1 });
    const other = benchRecord({ model: { ...older.model, path: '/b.gguf', sizeBytes: 1e9 } });
    expect(overSize([benchRecord(), other, older]).map((point) => point.x)).toEqual([1, 4.9]);
    expect(overSize([{ ...older, runs: [] }])).toEqual([]);
  });

  it('has axes of a few round steps', () => {
    expect(ticks(9.7)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(130)).toEqual([0, 50, 100, 150]);
    expect(ticks(0)).toEqual([0, 1]);
    expect(ticks(0.03).at(-1)).toBeGreaterThanOrEqual(0.03);
  });
});
