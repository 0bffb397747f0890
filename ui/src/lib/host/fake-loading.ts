import type { EngineNotes, LoadingSettings, LoadSettings, LoadWish } from './bindings';
import type { FakeOptions } from './fake';
import { fakeError } from './fake-script';
import type { Host } from './host';

/** How loads are made, in memory. A model with "huge" in its path is held back, and then reads from the disk. */
export type LoadingHost = Pick<
  Host,
  | 'loadModelAs'
  | 'stopLoad'
  | 'engineNotes'
  | 'onEngineNotes'
  | 'loadingSettings'
  | 'setLoadingSettings'
>;

export interface FakeLoadingOptions {
  /** What there is to know of the model. */
  notes?: Partial<EngineNotes>;
}

export const noNotes: EngineNotes = {
  path: null,
  asked: { nCtx: null, nGpuLayers: null, nThreads: null },
  steps: [],
  remembered: false,
  concerns: [],
  heldBack: false,
  fromDisk: null,
  ramLimit: null,
  notOnGpu: null,
  slower: null,
  smaller: null,
};

const hugeConcern: EngineNotes['concerns'][number] = {
  kind: 'readsFromDisk',
  leastBytes: 12e9,
  mostBytes: 31e9,
  speed: { low: 0.06, high: 0.24, basis: 'estimated' },
};

const hugeFromDisk: EngineNotes['fromDisk'] = {
  leastBytes: 12e9,
  mostBytes: 31e9,
  leastS: 4.2,
  mostS: 16,
  diskGbS: 2.9,
  diskMeasured: true,
  live: null,
};

export function fakeLoading(
  options: FakeOptions,
  host: Pick<Host, 'loadModel' | 'unloadModel'>,
): LoadingHost {
  let notes: EngineNotes = { ...noNotes, ...options.notes };
  let settings: LoadingSettings = {
    guardrail: 'balanced',
    idleSeconds: 300,
    ramLimitBytes: null,
  };
  const listeners = new Set<(notes: EngineNotes) => void>();
  const tell = (next: Partial<EngineNotes>) => {
    notes = { ...noNotes, ...next };
    for (const listener of listeners) listener(notes);
  };
  return {
    async loadModelAs(path: string, asked: LoadSettings, wish: LoadWish) {
      const huge = path.includes('huge');
      const concerns = huge ? [hugeConcern] : [];
      if (huge && !wish.anyway) {
        tell({ path, asked, concerns, heldBack: true });
        throw fakeError('heldBack');
      }
      tell({ path, asked, concerns, fromDisk: huge ? hugeFromDisk : null });
      await host.loadModel(path, asked);
    },
    async stopLoad() {
      tell({});
      await host.unloadModel();
    },
    async engineNotes() {
      return notes;
    },
    async onEngineNotes(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async loadingSettings() {
      return settings;
    },
    async setLoadingSettings(next: LoadingSettings) {
      settings = next;
      return settings;
    },
  };
}
