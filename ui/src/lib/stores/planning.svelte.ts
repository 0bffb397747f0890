import { computerWords } from '../format/reasons';
import { type SortKey, sortedRows } from '../format/planning';
import {
  asApiError,
  type ApiError,
  type HardwareView,
  type Host,
  type OtherComputer,
  type PickView,
  type PlanningTables,
  type QuantRow,
  type RecommendationView,
  type RecommendRequest,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import type { EngineStore } from './engine.svelte';

export type PickName = 'faster' | 'recommended' | 'smarter';
export const pickNames: readonly PickName[] = ['faster', 'recommended', 'smarter'];

/**
 * Owns what is known of this computer, what is being planned (model, context, computer) and the
 * newest answer to it, and which quantization is looked at. Does not own loading (engine store) and
 * computes no plan: every figure comes from the host.
 */
export class PlanningStore {
  hardware = $state.raw<HardwareView | null>(null);
  tables = $state.raw<PlanningTables | null>(null);
  recommendation = $state.raw<RecommendationView | null>(null);
  #shownFor = $state.raw<OtherComputer>({});
  request = $state.raw<RecommendRequest>({
    modelId: '',
    nCtx: 8192,
    smallKv: false,
    preference: 'balanced',
    computer: {},
  });
  pick = $state<PickName>('recommended');
  /** A quantization chosen from the table instead of a pick. */
  chosenQuant = $state<string | null>(null);
  sort = $state.raw<{ key: SortKey; descending: boolean }>({ key: 'size', descending: false });
  measuring = $state(false);
  /** The newest question has not been answered yet. */
  waiting = $state(false);

  hardwareProblem = $state.raw<ApiError | null>(null);
  problem = $state.raw<ApiError | null>(null);
  otherProblem = $state.raw<ApiError | null>(null);
  fileProblem = $state.raw<ApiError | null>(null);

  rows = $derived(sortedRows(this.recommendation?.rows ?? [], this.sort.key, this.sort.descending));
  picked = $derived<PickView | null>(
    this.chosenQuant === null ? (this.recommendation?.[this.pick] ?? null) : null,
  );
  /** The row that the bars and figures are about. */
  selected = $derived<QuantRow | null>(this.row(this.chosenQuant ?? this.picked?.quant ?? null));
  /** The plan that is shown is for another computer. */
  isOther = $derived(Object.values(this.#shownFor).some((v) => v !== null && v !== undefined));

  #host: Host;
  #engine: EngineStore;
  #announcer: Announcer;
  #asked = 0;
  #frame: number | null = null;

  constructor(host: Host, engine: EngineStore, announcer: Announcer) {
    this.#host = host;
    this.#engine = engine;
    this.#announcer = announcer;
  }

  row(quant: string | null): QuantRow | null {
    return this.recommendation?.rows.find((row) => row.quant === quant) ?? null;
  }

  /** Looks at this computer again and plans with what is found. Nothing is asked before this. */
  async open() {
    await Promise.all([this.look(), this.#plan()]);
  }

  /** The same about this computer, whatever was planned for before. */
  async openHere() {
    this.request = { ...this.request, computer: {} };
    await this.open();
  }

  async look() {
    try {
      this.hardware = await this.#host.hardware();
      this.hardwareProblem = null;
    } catch (reason) {
      this.hardwareProblem = asApiError(reason);
    }
  }

  get canMeasure(): boolean {
    const { status } = this.#engine.state;
    return !this.measuring && !['loading', 'understanding', 'writing'].includes(status);
  }

  async measure() {
    if (!this.canMeasure) return;
    this.measuring = true;
    this.#announcer.say(t('computer.measuring'));
    try {
      this.hardware = await this.#host.measureHardware();
      this.hardwareProblem = null;
      this.#announcer.say(t('computer.measuredNow'));
      await this.#ask();
    } catch (reason) {
      this.hardwareProblem = asApiError(reason);
    } finally {
      this.measuring = false;
    }
  }

  /** Asks once per frame at most, however fast the slider moves. */
  change(change: Partial<RecommendRequest>) {
    const before = this.request;
    this.request = { ...before, ...change };
    if (change.modelId !== undefined && change.modelId !== before.modelId) {
      const most = this.tables?.models.find((m) => m.id === change.modelId)?.nCtxTrain;
      if (most !== undefined && this.request.nCtx > most)
        this.request = { ...this.request, nCtx: most };
    }
    this.#asked += 1;
    this.waiting = true;
    if (this.#frame !== null) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = null;
      void this.#ask();
    });
  }

  choosePick(pick: PickName) {
    this.pick = pick;
    this.chosenQuant = null;
  }

  chooseQuant(quant: string) {
    this.chosenQuant = quant;
  }

  sortBy(key: SortKey) {
    const { sort } = this;
    // Size from small to large first; of everything else people want the most first.
    const descending = sort.key === key ? !sort.descending : key !== 'size';
    this.sort = { key, descending };
  }

  startFrom(preset: { quant: string; nCtx: number }) {
    this.chosenQuant = preset.quant;
    this.change({ nCtx: preset.nCtx });
  }

  /** Plans for another computer, or keeps to the one before where that cannot be. */
  async planFor(computer: OtherComputer) {
    const before = this.request;
    this.request = { ...before, computer };
    this.otherProblem = null;
    const error = await this.#answer();
    if (!error) {
      this.chosenQuant = null;
      if (this.recommendation) this.#announcer.say(computerWords(this.recommendation.computer));
      return;
    }
    this.otherProblem = error;
    this.request = { ...this.request, computer: before.computer };
  }

  backToThisComputer() {
    this.otherProblem = null;
    this.chosenQuant = null;
    this.change({ computer: {} });
  }

  /** Opens a file with the layers its plan says. True if it is being loaded. */
  async openFile(): Promise<boolean> {
    this.fileProblem = null;
    try {
      const path = await this.#host.pickModelFile();
      if (path === null) return false;
      const { nCtx } = this.request;
      const plan = await this.#host.planFile(path, nCtx);
      void this.#engine.loadWith(path, { nCtx, nGpuLayers: plan.nGpuLayers, nThreads: null });
      return true;
    } catch (reason) {
      this.fileProblem = asApiError(reason);
      return false;
    }
  }

  async #plan() {
    try {
      this.tables ??= await this.#host.planningTables();
    } catch (reason) {
      this.problem = asApiError(reason);
      return;
    }
    const [first] = this.tables.models;
    if (this.request.modelId === '' && first) this.request = { ...this.request, modelId: first.id };
    await this.#ask();
  }

  async #ask() {
    const error = await this.#answer();
    if (error) this.problem = error;
  }

  /** Takes the answer only if nothing newer has been asked since. */
  async #answer(): Promise<ApiError | null> {
    this.#asked += 1;
    const asked = this.#asked;
    this.waiting = true;
    try {
      const { request } = this;
      const answer = await this.#host.recommend(request);
      if (asked !== this.#asked) return null;
      this.recommendation = answer;
      this.#shownFor = request.computer;
      this.problem = null;
      this.waiting = false;
      return null;
    } catch (reason) {
      if (asked !== this.#asked) return null;
      this.waiting = false;
      return asApiError(reason);
    }
  }
}
