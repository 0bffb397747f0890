import {
  asApiError,
  type ApiError,
  type BenchEvent,
  type BenchForm,
  type BenchRecord,
  type BenchRequest,
  type Host,
  type ModelEntry,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/** What is swept over: nothing, the depth, the micro-batch, the layers, or processor against GPU. */
export const sweeps = ['quick', 'depth', 'batch', 'layers', 'devices'] as const;
export type Sweep = (typeof sweeps)[number];

/** More layers than any model has: all of them. */
const allLayers = 999;

/**
 * Owns the measurements of models: the one that is being made, and all that were made. Does not own
 * the models (engine store).
 */
export class BenchmarksStore {
  models = $state.raw<ModelEntry[]>([]);
  /** The file of the model that is to be measured. */
  path = $state('');
  sweep = $state<Sweep>('quick');
  question = $state(true);

  running = $state(false);
  stopping = $state(false);
  progress = $state.raw<BenchEvent | null>(null);
  /** What is being measured, or was measured last. */
  current = $state.raw<BenchRecord | null>(null);
  /** All measurements, newest first. */
  history = $state.raw<BenchRecord[]>([]);
  problem = $state.raw<ApiError | null>(null);
  /** Where the last export was written. */
  exported = $state<string | null>(null);
  /** Layers that a sweep over them can go through; 0: there is no GPU. */
  gpu = $state(false);

  model = $derived(this.models.find((model) => model.path === this.path) ?? null);

  #host: Host;
  #announcer: Announcer;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  /** Looks what can be measured and what was. */
  async open() {
    await this.#do(async () => {
      const [models, history, hardware] = await Promise.all([
        this.#host.listModels(),
        this.#host.benches(),
        this.#host.hardware(),
      ]);
      this.models = models.filter((model) => model.present);
      this.history = history;
      this.gpu = hardware.gpus.some((gpu) => gpu.usable);
      if (!this.model) this.path = this.models[0]?.path ?? '';
      if (!this.gpu && (this.sweep === 'layers' || this.sweep === 'devices')) this.sweep = 'quick';
    });
  }

  async start() {
    const model = this.model;
    if (this.running || !model) return;
    this.running = true;
    this.stopping = false;
    this.progress = null;
    this.current = null;
    await this.#do(async () => {
      const layers = this.sweep === 'layers' ? await this.#layers(model.path) : [];
      const request = requestOf(this.sweep, this.question, layers);
      const record = await this.#host.bench(model.path, request, (event) => this.#take(event));
      this.current = record;
      this.history = await this.#host.benches();
      this.#announcer.say(
        record.complete ? t('bench.saidDone', { name: model.name }) : t('bench.saidStopped'),
      );
    });
    this.running = false;
    this.progress = null;
  }

  async stop() {
    if (!this.running) return;
    this.stopping = true;
    await this.#do(() => this.#host.stopBench());
  }

  async export(form: BenchForm) {
    await this.#do(async () => {
      this.exported = await this.#host.exportBenches(form);
      if (this.exported !== null)
        this.#announcer.say(t('transfer.exported', { path: this.exported }));
    });
  }

  #take(event: BenchEvent) {
    if (event.type === 'measured') this.current = event.record;
    else this.progress = event;
  }

  /** From none to all layers, in at most nine steps. */
  async #layers(path: string): Promise<number[]> {
    const { nLayersAll } = await this.#host.planFile(path, 4096);
    const steps = Math.min(8, nLayersAll);
    const at = (step: number) => Math.round((nLayersAll * step) / steps);
    return [...new Set(Array.from({ length: steps + 1 }, (_, step) => at(step)))];
  }

  async #do(act: () => Promise<unknown>) {
    try {
      await act();
      this.problem = null;
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }
}

/** pp512 and tg128, three times each, and what the sweep adds. */
export function requestOf(sweep: Sweep, question: boolean, layers: number[]): BenchRequest {
  const gpuLayers = { layers, devices: [0, allLayers] };
  return {
    promptN: [512],
    predictedN: [128],
    depths: sweep === 'depth' ? [0, 1024, 2048, 4096] : [0],
    repetitions: 3,
    gpuLayers: sweep === 'layers' || sweep === 'devices' ? gpuLayers[sweep] : [],
    ubatches: sweep === 'batch' ? [64, 128, 256, 512] : [],
    nThreads: null,
    question,
  };
}
