import { describe, expect, it } from 'vitest';
import { fakePlanning } from '../host/fake-planning';
import {
  contextSteps,
  diskSentence,
  gibibytes,
  layersSentence,
  otherReasons,
  overflowBytes,
  pageTime,
  sortedRows,
  speedRange,
} from './planning';
import { sayReason } from './reasons';

const gib = 2 ** 30;
const range = (low: number, high: number) => ({ low, high, measured: false });

async function recorded(gpu: string) {
  const request = {
    modelId: 'llama-3.3-70b',
    nCtx: 8192,
    smallKv: false,
    preference: 'balanced' as const,
    computer: { gpu },
  };
  return fakePlanning({}).recommend(request);
}

async function planOf(gpu: string, quant: string) {
  const row = (await recorded(gpu)).rows.find((r) => r.quant === quant);
  if (!row?.plan) throw new Error(`no plan for ${quant}`);
  return row.plan;
}

describe('figures of a plan', () => {
  it('have two digits, for more would be a false precision', () => {
    expect(speedRange(range(3.2486, 4.949))).toBe('3.2–4.9');
    expect(speedRange(range(28.49, 43.2))).toBe('28–43');
    expect(speedRange(range(569, 1280))).toBe('570–1,300');
    expect(speedRange(range(0.894, 1.751))).toBe('0.89–1.8');
  });

  it('are one figure where both ends read the same', () => {
    expect(speedRange(range(33.1, 33.2))).toBe('33');
  });

  it('do not pretend to know how much slower than a hundredth', () => {
    expect(speedRange(range(0.0051, 0.0346))).toBe('under 0.04');
    expect(speedRange(range(0.003, 0.006))).toBe('under 0.01');
  });

  it('say how long a page of 400 tokens takes', () => {
    expect(pageTime(range(28, 43))).toBe('about 11 seconds');
    expect(pageTime(range(3.2, 4.9))).toBe('about 2 minutes');
    expect(pageTime(range(0.005, 0.035))).toBe('about 6 hours');
    expect(pageTime(range(0, 0))).toBe('');
  });

  it('name memory in GiB', () => {
    expect(gibibytes(24 * gib)).toBe('24 GiB');
    expect(gibibytes(1.44 * gib)).toBe('1.4 GiB');
    expect(gibibytes(0.0625 * gib)).toBe('0.06 GiB');
    expect(gibibytes(118.4 * gib)).toBe('118 GiB');
  });
});

describe('a plan in words', () => {
  it('says where the layers are', async () => {
    expect(layersSentence(await planOf('RTX 4090', 'IQ2_XS'))).toBe(
      'All 81 layers on the RTX 4090.',
    );
    expect(layersSentence(await planOf('RTX 4090', 'Q4_0'))).toBe(
      '45 of 81 layers on the RTX 4090, the rest in RAM.',
    );
    expect(layersSentence(await planOf('none', 'IQ2_M'))).toContain('the processor does the work');
  });

  it('says what is read from the disk only where something is', async () => {
    expect(diskSentence(await planOf('none', 'IQ3_XS'))).toBe(
      'Every token reads 4–28.8 GB from the disk.',
    );
    expect(diskSentence(await planOf('RTX 4090', 'IQ3_XS'))).toBeNull();
  });

  it('does not give as a reason what has a line of its own', async () => {
    const answer = await recorded('RTX 4090');
    const others = answer.recommended && otherReasons(answer.recommended);
    expect(others?.map(sayReason)).toEqual(['Why not more? IQ2_M would answer at 2.4–4.7 tok/s.']);
  });

  it('knows how much more than a memory its parts are', () => {
    const bar = (memoryBytes: number | null) => ({
      name: 'Memory',
      memoryBytes,
      parts: [{ kind: 'weights' as const, bytes: 40 * gib }],
    });
    expect(overflowBytes(bar(32 * gib))).toBe(8 * gib);
    expect(overflowBytes(bar(64 * gib))).toBe(0);
    expect(overflowBytes(bar(null))).toBe(0);
  });
});

describe('the context lengths to choose from', () => {
  it('are powers of two up to what the model was trained for, and never more than 128k', () => {
    expect(contextSteps(8192)).toEqual([2048, 4096, 8192]);
    expect(contextSteps(131_072).at(-1)).toBe(131_072);
    expect(contextSteps(10_485_760)).toEqual(contextSteps(131_072));
  });

  it('end with the length of the training, whatever it is', () => {
    expect(contextSteps(10_000)).toEqual([2048, 4096, 8192, 10_000]);
    expect(contextSteps(512)).toEqual([512]);
  });
});

describe('the order of the quantizations', () => {
  it('is by size, quality, speed or layers, in both directions', async () => {
    const { rows } = await recorded('RTX 4090');
    const ends = (key: 'size' | 'quality' | 'speed' | 'layers', down: boolean) => {
      const alive = sortedRows(rows, key, down).filter((r) => r.plan);
      return [alive.at(0), alive.at(-1)];
    };
    const [small, large] = ends('size', false);
    expect(small?.fileBytes).toBeLessThan(large?.fileBytes ?? 0);
    expect(ends('size', true)[0]).toBe(large);
    expect(ends('quality', true).map((r) => r?.qualityStep)).toEqual([6, 0]);
    expect(ends('quality', false).map((r) => r?.qualityStep)).toEqual([0, 6]);
    const [fast, slow] = ends('speed', true);
    expect(fast?.plan?.tokS.low).toBeGreaterThan(slow?.plan?.tokS.low ?? Infinity);
    expect(ends('layers', true)[0]?.plan?.nGpuLayers).toBe(81);
  });

  it('keeps all 30, the dead ones right below what replaces them', async () => {
    const { rows } = await recorded('RTX 4090');
    for (const key of ['size', 'quality', 'speed', 'layers'] as const) {
      const names = sortedRows(rows, key, true).map((r) => r.quant);
      expect(names).toHaveLength(30);
      const at = names.indexOf('Q4_0');
      expect(names.slice(at + 1, at + 4)).toEqual(['Q4_0_4_4', 'Q4_0_4_8', 'Q4_0_8_8']);
    }
  });
});
