import type { DownloadView, LibraryModelView, LibraryView, ModelSource } from './bindings';
import type { FakeBenchOptions } from './fake-bench';
import { fakeError } from './fake-script';
import type { Host } from './host';

/** The models on a pretended disk: one of every kind. */
export type FakeLibraryHost = Pick<
  Host,
  | 'library'
  | 'scanLibrary'
  | 'addLibraryFolder'
  | 'removeLibraryFolder'
  | 'verifyModel'
  | 'repairModel'
  | 'deleteModel'
  | 'undoDelete'
  | 'onLibrary'
>;

export interface FakeLibraryOptions extends FakeBenchOptions {
  library?: LibraryView;
}

export class FakeLibrary {
  #view: LibraryView;
  #deleted = new Map<string, LibraryModelView>();
  #listeners = new Set<(library: LibraryView) => void>();
  #wait: (ms: number) => Promise<void>;
  #repair: (model: LibraryModelView, bytes: number) => string = () => '';

  constructor(options: FakeLibraryOptions, instant: boolean, wait: (ms: number) => Promise<void>) {
    this.#view = structuredClone(options.library ?? (instant ? empty : sample));
    this.#wait = wait;
  }

  repairWith(repair: (model: LibraryModelView, bytes: number) => string) {
    this.#repair = repair;
  }

  pathOf(name: string): string | null {
    return this.#view.models.find((m) => m.name === name)?.path ?? null;
  }

  /** A finished download. */
  add(download: DownloadView) {
    const before = this.#view.models.filter((m) => m.path !== download.path);
    const added: LibraryModelView = {
      path: download.path ?? '',
      name: download.name,
      quant: download.quant,
      sizeBytes: download.totalBytes,
      nFiles: download.nFiles,
      source: 'paddock',
      repo: download.repo,
      verified: { kind: 'verified' },
      problem: null,
      sameAs: [],
      canDelete: true,
    };
    this.#change({ models: [added, ...before] });
  }

  host(): FakeLibraryHost {
    return {
      library: async () => this.#copy(),
      scanLibrary: async () => {
        this.#change({ scanning: true });
        await this.#wait(2500);
        this.#change({ scanning: false });
        return this.#copy();
      },
      addLibraryFolder: async (path) => {
        if (this.#view.places.some((p) => p.path === path))
          throw { ...fakeError('badInput'), message: `${path} is looked through already.` };
        const model = entry('folder', `${path}/Phi-4-Q4_K_M.gguf`, 'Phi-4', 'Q4_K_M', 9.05e9);
        this.#change({
          models: [...this.#view.models, { ...model, canDelete: true }],
          places: [...this.#view.places, place('folder', path)],
        });
      },
      removeLibraryFolder: async (path) => {
        const models = this.#view.models.filter((m) => !m.path.startsWith(`${path}/`));
        this.#change({ models, places: this.#view.places.filter((p) => p.path !== path) });
      },
      verifyModel: async (path) => {
        const model = this.#find(path);
        for (let step = 0; step < 20; step += 1) {
          const checkedBytes = Math.round((model.sizeBytes * step) / 20);
          this.#replace(path, { verified: { kind: 'checking', checkedBytes } });
          await this.#wait(250);
        }
        const verified = model.name.includes('Bitten')
          ? {
              kind: 'broken' as const,
              sentence: '64 kB in the middle are not what was published.',
              file: 'Bitten-7B-Q4_K_M.gguf',
              repairBytes: 67_108_864,
            }
          : { kind: 'verified' as const };
        this.#replace(path, { verified });
      },
      repairModel: async (path) => {
        const model = this.#find(path);
        const { verified } = model;
        const bytes = verified.kind === 'broken' ? (verified.repairBytes ?? 0) : 0;
        return this.#repair(model, bytes);
      },
      deleteModel: async (path) => {
        const model = this.#find(path);
        if (!model.canDelete) throw fakeError('badInput');
        const id = `x${this.#deleted.size + 1}`;
        this.#deleted.set(id, model);
        const { name, sizeBytes } = model;
        this.#change({
          models: this.#view.models.filter((m) => m.path !== path),
          deleted: [...this.#view.deleted, { id, name, sizeBytes }],
        });
      },
      undoDelete: async (id) => {
        const model = this.#deleted.get(id);
        if (!model) throw fakeError('notFound');
        this.#change({
          models: [model, ...this.#view.models],
          deleted: this.#view.deleted.filter((d) => d.id !== id),
        });
      },
      onLibrary: async (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
    };
  }

  #find(path: string): LibraryModelView {
    const found = this.#view.models.find((m) => m.path === path);
    if (!found) throw fakeError('notFound');
    return found;
  }

  #replace(path: string, change: Partial<LibraryModelView>) {
    this.#change({
      models: this.#view.models.map((m) => (m.path === path ? { ...m, ...change } : m)),
    });
  }

  #change(change: Partial<LibraryView>) {
    const { models, places } = { ...this.#view, ...change };
    const counted = places.map((p) => {
      const inside = models.filter((m) => m.path.startsWith(`${p.path}/`));
      const sizeBytes = inside.reduce((sum, m) => sum + m.sizeBytes, 0);
      return { ...p, nModels: inside.length, sizeBytes };
    });
    this.#view = { ...this.#view, ...change, places: counted };
    const copy = this.#copy();
    for (const listener of this.#listeners) listener(copy);
  }

  #copy() {
    return structuredClone(this.#view);
  }
}

const own = '/home/you/.local/share/paddock/models';
const cache = '/home/you/.cache/huggingface/hub';
const lmStudio = '/home/you/.lmstudio/models';

function place(source: ModelSource, path: string, problem: string | null = null) {
  return { source, path, nModels: 0, sizeBytes: 0, problem };
}

function entry(
  source: ModelSource,
  path: string,
  name: string,
  quant: string,
  sizeBytes: number,
): LibraryModelView {
  return {
    path,
    name,
    quant,
    sizeBytes,
    nFiles: 1,
    source,
    repo: null,
    verified: { kind: 'noChecksum' },
    problem: null,
    sameAs: [],
    canDelete: false,
  };
}

const empty: LibraryView = {
  models: [],
  places: [place('paddock', own)],
  deleted: [],
  scanning: false,
  duplicateBytes: 0,
};

const llama = `${own}/bartowski/Llama-3.3-70B-Instruct-GGUF/Llama-3.3-70B-Instruct-Q3_K_M.gguf`;
const small = `${own}/bartowski/Llama-3.2-3B-Instruct-GGUF/Llama-3.2-3B-Instruct-Q4_K_M.gguf`;
const smallAgain = `${lmStudio}/bartowski/Llama-3.2-3B-Instruct-GGUF/Llama-3.2-3B-Instruct-Q4_K_M.gguf`;

export const sample: LibraryView = {
  models: [
    {
      ...entry('paddock', llama, 'Llama-3.3-70B-Instruct-Q3_K_M', 'Q3_K_M', 34_267_462_384),
      repo: 'bartowski/Llama-3.3-70B-Instruct-GGUF',
      verified: { kind: 'verified' },
      canDelete: true,
    },
    {
      ...entry('paddock', small, 'Llama-3.2-3B-Instruct-Q4_K_M', 'Q4_K_M', 2_019_377_696),
      repo: 'bartowski/Llama-3.2-3B-Instruct-GGUF',
      verified: { kind: 'unverified' },
      sameAs: [smallAgain],
      canDelete: true,
    },
    {
      ...entry('paddock', `${own}/lab/Bitten-7B-Q4_K_M.gguf`, 'Bitten-7B-Q4_K_M', 'Q4_K_M', 4.37e9),
      repo: 'lab/Bitten-7B-GGUF',
      verified: {
        kind: 'broken',
        sentence: '64 kB in the middle are not what was published.',
        file: 'Bitten-7B-Q4_K_M.gguf',
        repairBytes: 67_108_864,
      },
      canDelete: true,
    },
    {
      ...entry('paddock', `${own}/lab/Split-00001-of-00003.gguf`, 'Split', 'Q8_0', 50.1e9),
      nFiles: 3,
      repo: 'lab/Split-GGUF',
      problem: 'Part 3 of 3 is missing.',
      canDelete: true,
    },
    {
      ...entry(
        'huggingFace',
        `${cache}/models--Qwen/Qwen2.5-7B-Q4_K_M.gguf`,
        'Qwen2.5-7B-Instruct-Q4_K_M',
        'Q4_K_M',
        4_683_074_240,
      ),
      repo: 'Qwen/Qwen2.5-7B-Instruct-GGUF',
      verified: { kind: 'changed' },
    },
    {
      ...entry('lmStudio', smallAgain, 'Llama-3.2-3B-Instruct-Q4_K_M', 'Q4_K_M', 2_019_377_696),
      sameAs: [small],
    },
  ],
  places: [
    { ...place('paddock', own), nModels: 4, sizeBytes: 90_756_840_080 },
    { ...place('huggingFace', cache), nModels: 1, sizeBytes: 4_683_074_240 },
    { ...place('lmStudio', lmStudio), nModels: 1, sizeBytes: 2_019_377_696 },
    place('folder', '/media/old-disk/gguf', 'The folder is not there. Is its drive connected?'),
  ],
  deleted: [],
  scanning: false,
  duplicateBytes: 2_019_377_696,
};
