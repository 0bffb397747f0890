import type {
  HardwareView,
  MemoryBar,
  ModelChoiceView,
  OtherComputer,
  PartKind,
  PlanningTables,
  PlanView,
  QuantRow,
  Reason,
  RecommendationView,
  RecommendRequest,
  TokS,
} from './bindings';
import { quants, qualities, type RecordedPlan, with4090, withoutGpu } from './fake-recorded';
import { browserMemory } from './fake-memory';
import type { Host } from './host';

/**
 * The part of the fake host that knows computers and plans. Its figures are recorded from the real
 * planner (`fake-recorded.ts`); only the KV cache follows the context length that is asked for.
 */
export type PlanningHost = Pick<
  Host,
  | 'hardware'
  | 'measureHardware'
  | 'planningTables'
  | 'recommend'
  | 'planFile'
  | 'firstRunPending'
  | 'setFirstRunDone'
  | 'remembered'
  | 'remember'
>;

export interface FakePlanningOptions {
  /** Which computer this is. */
  computer?: 'rtx4090' | 'noGpu' | undefined;
  firstRunPending?: boolean | undefined;
}

const gib = 2 ** 30;
/** What the recorded plans were made for. */
const recordedCtx = 8192;

export function fakePlanning(options: FakePlanningOptions): PlanningHost {
  let pending = options.firstRunPending ?? false;
  let measured = false;
  const gpu = (other: OtherComputer) =>
    other.gpu ? other.gpu !== 'none' : (options.computer ?? 'rtx4090') === 'rtx4090';
  return {
    hardware: async () => computer(gpu({}), measured),
    measureHardware: async () => computer(gpu({}), (measured = true)),
    planningTables: async () => structuredClone(tables),
    recommend: async (request) => {
      const { ramGib } = request.computer;
      if (ramGib !== null && ramGib !== undefined && !(ramGib >= 1))
        throw {
          code: 'badInput',
          message: `Memory of ${ramGib} GiB cannot be right. Say 1 to 16,384 GiB.`,
          hint: null,
          details: null,
        };
      return recommendation(request, gpu(request.computer));
    },
    planFile: async (_path, nCtx) => plan('Q3_K_M', gpu({}), kvFactor(nCtx, false)),
    firstRunPending: async () => pending,
    setFirstRunDone: async (done) => void (pending = !done),
    ...browserMemory,
  };
}

function kvFactor(nCtx: number, smallKv: boolean): number {
  // 8 bits and a scale for every 32 values, instead of 16 bits.
  return (nCtx / recordedCtx) * (smallKv ? 34 / 64 : 1);
}

/** The plan that was recorded for a quantization of Llama 3.3 70B. */
export function recordedPlan(
  quant: string,
  nCtx: number,
  computer: FakePlanningOptions['computer'],
) {
  return plan(quant, (computer ?? 'rtx4090') === 'rtx4090', kvFactor(nCtx, false));
}

function plan(quant: string, withGpu: boolean, kv: number): PlanView {
  const recorded = (withGpu ? with4090 : withoutGpu)[quant];
  if (!recorded) throw new Error(`No plan was recorded for ${quant}.`);
  const range = ([low, high]: [number, number]) => ({ low, high, measured: false });
  return {
    verdict: recorded.verdict,
    nGpuLayers: recorded.layers[0],
    nGpuLayersMax: recorded.layers[1],
    nLayersAll: 81,
    bars: bars(recorded, withGpu, kv),
    diskBytesPerToken: recorded.diskBytes,
    tokS: range(recorded.tokS),
    promptTokS: range(recorded.promptTokS),
  };
}

function bars(recorded: RecordedPlan, withGpu: boolean, kv: number): MemoryBar[] {
  const sizes = withGpu ? [24 * gib, 64 * gib] : [32 * gib];
  return recorded.bars.map((filled, i) => {
    const more = Math.round((filled.kv ?? 0) * (kv - 1));
    const changed = { ...filled };
    if (filled.kv) changed.kv = filled.kv + more;
    changed.free = Math.max(0, (filled.free ?? 0) - more);
    const parts = Object.entries(changed) as [PartKind, number][];
    return {
      name: i === recorded.bars.length - 1 ? 'Memory' : 'RTX 4090',
      memoryBytes: sizes[i] ?? null,
      parts: parts.filter(([, b]) => b > 0).map(([kind, b]) => ({ kind, bytes: b })),
    };
  });
}

function recommendation(request: RecommendRequest, withGpu: boolean): RecommendationView {
  const kv = kvFactor(request.nCtx, request.smallKv);
  const model = modelOf(request.modelId);
  const rows = quants.map((recorded): QuantRow => {
    const loadable = recorded.replacedBy === null;
    return {
      ...recorded,
      quality: qualities[recorded.qualityStep] ?? 'broken',
      plan: loadable ? plan(recorded.quant, withGpu, kv) : null,
    };
  });
  const here = Object.values(request.computer).every((v) => v === null || v === undefined);
  const ram = request.computer.ramGib ?? (withGpu ? 64 : 32);
  const gpu = { name: request.computer.gpu ?? 'RTX 4090', totalBytes: 24 * gib };
  const speed = (low: number, high: number): TokS => ({ low, high, basis: 'estimated' });
  const pick = (quant: string, ...reasons: Reason[]) => ({ quant, reasons });
  return {
    model,
    computer: { here, gpus: withGpu ? [gpu] : [], ramBytes: ram * gib },
    recommended: withGpu
      ? pick(
          'IQ2_XS',
          { kind: 'allOnGpus', nLayers: 81, gpus: { kind: 'one', name: 'RTX 4090' } },
          { kind: 'quality', quality: 'poor' },
          { kind: 'betterIsSlower', quant: 'IQ2_M', speed: speed(2.41, 4.66) },
        )
      : pick('IQ2_M', { kind: 'onProcessor' }, { kind: 'quality', quality: 'weak' }),
    faster: pick(withGpu ? 'IQ2_XS' : 'IQ2_M', { kind: 'nothingFaster' }),
    smarter: withGpu
      ? pick('IQ2_S', {
          kind: 'speedInstead',
          speed: speed(7.72, 15.1),
          insteadOf: speed(28.2, 43.4),
        })
      : pick('IQ2_M', { kind: 'nothingBetter' }),
    rows,
    guide: withGpu
      ? {
          gpu: 'RTX 4090',
          quants: ['Q3_K_M', 'IQ3_M'],
          layersMin: 40,
          layersMax: 50,
          possible: true,
          remarks: [{ kind: 'tooFew', quant: 'Q3_K_M', nLayers: 50, fit: 52, all: false }],
        }
      : null,
    instead: {
      model: modelOf(withGpu ? 'gemma-3-27b' : 'llama-3.2-3b'),
      quant: withGpu ? 'Q6_K_L' : 'Q8_0',
      tokS: withGpu
        ? { low: 26.8, high: 41.8, measured: false }
        : { low: 6.26, high: 9.78, measured: false },
    },
    remarks: [{ kind: 'memorySpeedAssumed', gbS: 40 }],
  };
}

function modelOf(id: string): ModelChoiceView {
  const model = tables.models.find((m) => m.id === id);
  if (!model) throw new Error(`There is no model ${id}.`);
  return model;
}

function computer(withGpu: boolean, measured: boolean): HardwareView {
  return {
    osName: withGpu ? 'Ubuntu 24.04.1 LTS' : 'Debian GNU/Linux 12 (bookworm)',
    cpuName: withGpu ? 'AMD Ryzen 9 7950X 16-Core Processor' : 'Intel(R) Core(TM) i5-8250U CPU',
    physicalCores: withGpu ? 16 : 4,
    performanceCores: withGpu ? 16 : 4,
    instructions: withGpu ? ['AVX', 'AVX2', 'FMA', 'F16C', 'AVX-512'] : ['AVX', 'AVX2', 'FMA'],
    ramBytes: (withGpu ? 64 : 32) * gib,
    ramFreeBytes: (withGpu ? 57 : 26) * gib,
    ramSpeed: measured ? { gbS: withGpu ? 61.4 : 24.9, measured } : null,
    gpus: withGpu
      ? [
          {
            name: 'NVIDIA GeForce RTX 4090',
            totalBytes: 24 * gib,
            freeBytes: 22.6 * gib,
            sharedMemory: false,
            speed: measured ? { gbS: 921, measured } : { gbS: 1008, measured: false },
            usable: true,
            driver: '550.144.03',
            cudaVersion: '12.4',
            computeCapability: '8.9',
            processes: [
              { name: 'firefox', usedBytes: 0.6 * gib },
              { name: 'gnome-shell', usedBytes: 0.3 * gib },
            ],
          },
        ]
      : [],
    disks: [{ mountPoint: '/', totalBytes: 1e12, freeBytes: 412e9, kind: 'ssd' }],
    unknowns: withGpu
      ? []
      : [
          { thing: { kind: 'freeMemory' }, cause: { kind: 'notInMeminfo' } },
          { thing: { kind: 'nvidiaCard' }, cause: { kind: 'noNvidiaDriver' } },
        ],
    measured,
  };
}

const choice = (id: string, name: string, license: string, nCtxTrain = 131_072) => ({
  id,
  name,
  repo: `bartowski/${name.replace(/ /g, '-')}-GGUF`,
  license,
  nCtxTrain,
});

const tables: PlanningTables = {
  models: [
    choice('llama-3.3-70b', 'Llama 3.3 70B Instruct', 'Llama 3.3 Community License'),
    choice('llama-3.2-1b', 'Llama 3.2 1B Instruct', 'Llama 3.2 Community License'),
    choice('llama-3.2-3b', 'Llama 3.2 3B Instruct', 'Llama 3.2 Community License'),
    choice('llama-3.1-8b', 'Llama 3.1 8B Instruct', 'Llama 3.1 Community License'),
    choice('llama-4-scout', 'Llama 4 Scout 17B 16E', 'Llama 4 Community License', 10_485_760),
    choice('gemma-3-27b', 'Gemma 3 27B it', 'Gemma Terms of Use'),
  ],
  gpus: [
    { name: 'RTX 3060', memoryGib: 12 },
    { name: 'RTX 4090', memoryGib: 24 },
    { name: 'Apple M2 Max', memoryGib: null },
  ],
  presets: [
    { memoryGb: 48, quant: 'Q4_K_M', nCtx: 4096, nBatch: 512 },
    { memoryGb: 16, quant: 'Q3_K_S', nCtx: 2048, nBatch: 256 },
  ],
};
