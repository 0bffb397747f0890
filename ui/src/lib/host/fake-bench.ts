import type { BenchEvent, BenchRecord, BenchRun, CopyOptions } from './bindings';
import type { FakeOptions } from './fake';
import { fakeError } from './fake-script';
import type { Host } from './host';

/** Measurements and copies on a pretended computer. */
export type FakeBenchHost = Pick<
  Host,
  'bench' | 'stopBench' | 'benches' | 'exportBenches' | 'copiesOf' | 'copyModel' | 'stopCopy'
>;

export interface FakeBenchOptions {
  benches?: BenchRecord[];
  copies?: CopyOptions;
}

/** A load as it could have been. */
const run: BenchRun = {
  nCtx: 640,
  nGpuLayers: 33,
  nLayersAll: 33,
  nUbatch: 512,
  nThreads: 16,
  loadMs: 1240,
  planBytes: 5.4e9,
  actualBytes: 5.3e9,
  peakRssBytes: 5.9e9,
  tests: [
    { kind: 'prompt', n: 512, depth: 0, tokS: 4120, stddev: 21, samplesMs: [124, 125, 123] },
    { kind: 'generation', n: 128, depth: 0, tokS: 118.2, stddev: 0.6, samplesMs: [1083] },
  ],
};

/** A measurement as it could have been. */
export function benchRecord(changes: Partial<BenchRecord> = {}): BenchRecord {
  return {
    id: 2,
    atMs: Date.UTC(2026, 10, 20, 12),
    version: '0.1.0',
    computer: 'AMD Ryzen 9 7950X, NVIDIA GeForce RTX 4090',
    model: {
      path: '/models/llama-3.1-8b-q4_k_m.gguf',
      name: 'Llama 3.1 8B',
      quant: 'Q4_K_M',
      sizeBytes: 4.9e9,
      nParams: 8.03e9,
    },
    runs: [structuredClone(run)],
    answer: null,
    complete: true,
    error: null,
    ...changes,
  };
}

const copies: CopyOptions = {
  again: false,
  options: [
    { quant: 'Q4_K_M', sizeBytes: 4.9e9, quality: 'veryGood', path: '/models/a-Q4_K_M.gguf' },
    { quant: 'Q8_0', sizeBytes: 8.5e9, quality: 'full', path: '/models/a-Q8_0.gguf' },
  ],
};

export function fakeBench(options: FakeOptions): FakeBenchHost {
  const wait = (ms: number) =>
    options.pace === 'instant'
      ? Promise.resolve()
      : new Promise<void>((done) => setTimeout(done, ms));
  let history = structuredClone(options.benches ?? []);
  let stopped = false;
  let copyStopped = false;
  return {
    benches: async () => structuredClone(history),
    stopBench: async () => void (stopped = true),
    exportBenches: async (form) =>
      `/home/you/Paddock benchmarks.${form === 'markdown' ? 'md' : form}`,
    bench: async (path, request, onEvent) => {
      stopped = false;
      const loads = Math.max(1, request.gpuLayers.length) * Math.max(1, request.ubatches.length);
      const record = benchRecord({ id: history.length + 1, complete: false, runs: [] });
      record.model.path = path;
      const tell = (event: BenchEvent) => onEvent(structuredClone(event));
      for (let loadsDone = 0; loadsDone < loads && !stopped; loadsDone += 1) {
        tell({ type: 'loading', loadsDone, loads, fraction: 0.5 });
        await wait(300);
        const nGpuLayers = request.gpuLayers[loadsDone] ?? run.nGpuLayers;
        const tests = request.depths.flatMap((depth) =>
          run.tests.map((test) => ({ ...test, depth, tokS: test.tokS * (1 + nGpuLayers / 33) })),
        );
        for (let testsDone = 0; testsDone < tests.length && !stopped; testsDone += 1) {
          const runs = { repetitionsDone: 1, repetitions: request.repetitions };
          tell({ type: 'measuring', loadsDone, loads, testsDone, tests: tests.length, ...runs });
          await wait(600);
        }
        if (stopped) break;
        const nUbatch = request.ubatches[loadsDone] ?? run.nUbatch;
        record.runs = [...record.runs, { ...run, nGpuLayers, nUbatch, tests }];
        tell({ type: 'measured', record });
      }
      if (request.question && !stopped)
        record.answer = {
          text: 'Two particles can share one state, however far apart they are.',
          promptN: 14,
          promptMs: 40,
          predictedN: 60,
          predictedMs: 512,
          tokS: 117.2,
        };
      record.complete = !stopped;
      if (record.runs.length > 0) history = [structuredClone(record), ...history];
      return record;
    },
    copiesOf: async () => structuredClone(options.copies ?? copies),
    stopCopy: async () => void (copyStopped = true),
    copyModel: async (_path, quant, onEvent) => {
      copyStopped = false;
      const { options: known } = options.copies ?? copies;
      const option = known.find((other) => other.quant === quant);
      if (!option) throw fakeError('badInput');
      for (let tensorsDone = 0; tensorsDone < 4; tensorsDone += 1) {
        onEvent({ tensorsDone, tensors: 4 });
        await wait(400);
        if (copyStopped) return null;
      }
      return option.path;
    },
  };
}
