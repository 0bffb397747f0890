import { describe, expect, it } from 'vitest';
import type { Timings } from '../host/bindings';
import { metricsDetail, metricsLine, phaseShares, speed, stopReason } from './metrics';

const measured: Timings = {
  cacheN: 0,
  promptN: 39,
  promptMs: 6952,
  predictedN: 9,
  predictedMs: 3644,
};

function timings(change: Partial<Timings>): Timings {
  return { ...measured, ...change };
}

describe('the line under an answer', () => {
  it('has speed, tokens and total time in exactly this form', () => {
    expect(metricsLine(measured)).toBe('⚡ 2.47 tok/s | 📝 9 tokens | ⏱️ 10.6s total');
  });

  it('opens to both phases in exactly this form', () => {
    expect(metricsDetail(measured)).toBe(
      'prompt: 39 tok @ 5.61 tok/s (7.0s) | gen: 9 tok @ 2.47 tok/s (3.6s)',
    );
  });

  it('does not group large numbers', () => {
    const line = metricsLine(timings({ predictedN: 12345, predictedMs: 5_000_000, promptMs: 0 }));
    expect(line).toBe('⚡ 2.47 tok/s | 📝 12345 tokens | ⏱️ 5000.0s total');
  });

  it('keeps two decimals for round speeds', () => {
    expect(metricsLine(timings({ predictedN: 10, predictedMs: 1000 }))).toContain('⚡ 10.00 tok/s');
  });

  it('says one token in the singular', () => {
    expect(metricsLine(timings({ predictedN: 1, predictedMs: 500 }))).toContain('📝 1 token |');
  });

  it('has no speed where nothing was measured', () => {
    expect(metricsLine(timings({ predictedN: 1, predictedMs: 0 }))).toBe(
      '⚡ – tok/s | 📝 1 token | ⏱️ 7.0s total',
    );
    expect(metricsDetail(timings({ promptN: 0, promptMs: 0 }))).toContain(
      'prompt: 0 tok @ – tok/s (0.0s)',
    );
  });

  it.each([0, -1, NaN, Infinity])('never shows NaN or Infinity, not even for %s', (odd) => {
    const all = { cacheN: odd, promptN: odd, promptMs: odd, predictedN: odd, predictedMs: odd };
    for (const field of Object.keys(all)) {
      const one = timings({ [field]: odd });
      expect(metricsLine(one) + metricsDetail(one)).not.toMatch(/NaN|∞|Infinity|undefined|-/);
    }
    expect(metricsLine(all) + metricsDetail(all)).not.toMatch(/NaN|∞|Infinity|undefined|-/);
  });
});

describe('the timeline', () => {
  it('divides the time between the phases', () => {
    expect(phaseShares(timings({ promptMs: 1000, predictedMs: 3000 }))).toEqual({
      understanding: 25,
      writing: 75,
    });
  });

  it('is left out where nothing was measured', () => {
    expect(phaseShares(timings({ promptMs: 0, predictedMs: 0 }))).toBeNull();
    expect(phaseShares(timings({ promptMs: NaN, predictedMs: NaN }))).toBeNull();
  });
});

describe('the rest', () => {
  it('knows no speed for no tokens and no time', () => {
    expect(speed(0, 100)).toBeNull();
    expect(speed(10, 0)).toBeNull();
    expect(speed(10, 1000)).toBe(10);
  });

  it('has words for every reason an answer ends', () => {
    for (const reason of [
      'stop',
      'length',
      'stopString',
      'cancelled',
      'interrupted',
      'failed',
    ] as const) {
      expect(stopReason(reason)).toMatch(/^[A-Z]/);
    }
  });
});
