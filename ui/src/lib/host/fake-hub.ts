import type {
  LicenceView,
  PlanView,
  RemoteModelView,
  RepoSummary,
  RepoView,
  TokenPlace,
} from './bindings';
import { type FakePlanningOptions, recordedPlan } from './fake-planning';
import { qualities, quants } from './fake-recorded';
import { fakeError } from './fake-script';
import type { Host } from './host';

/**
 * A hub in memory. `google/…` is gated until there is a token, the Llamas want their licence
 * accepted, the header of Qwen's Q3_K_M is only read at the second attempt, and each model of
 * `lab/Troubles-GGUF` downloads in its own kind of trouble (`fake-downloads.ts`).
 */
export type FakeHubHost = Pick<
  Host,
  'searchHub' | 'repoDetails' | 'planRemote' | 'hubToken' | 'setHubToken' | 'acceptLicence'
>;

export interface FakeHubOptions extends FakePlanningOptions {
  token?: TokenPlace;
  acceptedLicences?: string[];
}

interface FakeRepo extends RepoSummary {
  models: { quant: string; sizeBytes: number; nFiles: number; qualityStep: number | null }[];
}

const gib = 2 ** 30;
const day = 24 * 60 * 60 * 1000;
const troubles = 'lab/Troubles-GGUF';
const bitsOf: Record<string, [bits: number, qualityStep: number]> = {
  IQ2_XS: [2.4, 1],
  Q3_K_M: [3.9, 4],
  Q4_K_M: [4.85, 5],
  Q5_K_M: [5.7, 5],
  Q8_0: [8.5, 6],
};

/** What is told of a file before it is downloaded. */
export interface FakeFile {
  repo: string;
  model: RemoteModelView;
  gated: boolean;
  licence: LicenceView | null;
}

export class FakeHub {
  #token: TokenPlace;
  #accepted: Set<string>;
  #computer: FakePlanningOptions['computer'];
  #refusedOnce = new Set<string>();
  readonly wait: (ms: number) => Promise<void>;
  /** Where a model is on the disk. */
  readonly pathOf: (name: string) => string | null;
  #repos: FakeRepo[];

  constructor(
    options: FakeHubOptions,
    { wait, now, pathOf }: { wait: FakeHub['wait']; now: number; pathOf: FakeHub['pathOf'] },
  ) {
    this.#token = options.token ?? 'none';
    this.#accepted = new Set(options.acceptedLicences);
    this.#computer = options.computer;
    this.wait = wait;
    this.pathOf = pathOf;
    this.#repos = repos(now);
  }

  /** Rejects as the real one does for what is not there. */
  file(repo: string, model: string): FakeFile {
    const found = this.#details(repo);
    const entry = found.models.find((m) => m.path === model || m.quant === model);
    if (!entry) throw fakeError('notFound');
    return { repo, model: entry, gated: this.#isClosed(found), licence: found.licence };
  }

  host(): FakeHubHost {
    return {
      searchHub: async (words) => {
        await this.wait(700);
        if (words.trim() === 'offline') throw offline;
        const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
        return this.#repos
          .filter(({ repo }) => wanted.every((word) => repo.toLowerCase().includes(word)))
          .map(({ repo, downloads, likes, updatedMs, gated, licence }) => {
            return { repo, downloads, likes, updatedMs, gated, licence };
          });
      },
      repoDetails: async (repo) => {
        await this.wait(600);
        return this.#details(repo);
      },
      planRemote: async (repo, model, nCtx) => {
        await this.wait(500 + Math.random() * 900);
        const { model: entry } = this.file(repo, model);
        const key = `${repo} ${entry.path}`;
        if (/Qwen.*Q3_K_M/.test(key) && !this.#refusedOnce.has(key)) {
          this.#refusedOnce.add(key);
          throw offline;
        }
        if (repo.includes('70B') && entry.quant) {
          return recordedPlan(entry.quant, nCtx, this.#computer);
        }
        return simplePlan(entry.sizeBytes, nCtx, (this.#computer ?? 'rtx4090') === 'rtx4090');
      },
      hubToken: async () => this.#token,
      setHubToken: async (token) => {
        if (token !== null && !token.startsWith('hf_'))
          throw {
            ...fakeError('badInput'),
            message: 'This is not an access token: those begin with “hf_”.',
            hint: 'Copy it once more from your settings on Hugging Face.',
          };
        return (this.#token = token === null ? 'none' : 'keychain');
      },
      acceptLicence: async (id) => void this.#accepted.add(id),
    };
  }

  #isClosed(repo: RepoView) {
    return repo.gated && this.#token === 'none';
  }

  #details(name: string): RepoView {
    const found = this.#repos.find((r) => r.repo.toLowerCase() === name.toLowerCase());
    if (!found)
      throw {
        ...fakeError('notFound'),
        message: `There is no repository ${name} on Hugging Face.`,
        hint: 'Look at the spelling, or search for its name.',
      };
    const file = found.repo.split('/')[1]?.replace(/-GGUF$/i, '') ?? found.repo;
    return {
      repo: found.repo,
      commit: 'b7d5f41f0c7a0f4f1f1f9f6f6a1c7d1f2e3a4b5c',
      page: `https://huggingface.co/${found.repo}`,
      gated: found.gated,
      licence: this.#licence(found),
      models: found.models.map(({ quant, sizeBytes, nFiles, qualityStep }) => ({
        path: `${file}-${quant}.gguf`,
        name: `${file}-${quant}`,
        quant,
        sizeBytes,
        nFiles,
        qualityStep,
        quality: qualityStep === null ? null : (qualities[qualityStep] ?? null),
        problem: quant.startsWith('Q4_0_')
          ? { kind: 'dead' as const, quant, why: 'rearranged' as const, instead: 'Q4_0' }
          : null,
        localPath: this.pathOf(`${file}-${quant}`),
      })),
      nUnsafe: found.repo === troubles ? 1 : 0,
    };
  }

  #licence({ licence }: FakeRepo): LicenceView | null {
    if (licence === null) return null;
    const version = /^llama(\d\.\d)$/.exec(licence)?.[1];
    return {
      id: licence,
      name: version
        ? `Llama ${version} Community License`
        : ({ 'apache-2.0': 'Apache 2.0', gemma: 'Gemma Terms of Use', mit: 'MIT' }[licence] ??
          licence),
      link: version
        ? `https://www.llama.com/llama${version.replace('.', '_')}/license/`
        : licence === 'gemma'
          ? 'https://ai.google.dev/gemma/terms'
          : null,
      llama: version !== undefined,
      accepted: this.#accepted.has(licence),
    };
  }
}

export const offline = {
  code: 'internal' as const,
  message: 'Hugging Face cannot be reached. There is no connection to the internet.',
  hint: 'Look at your connection and try again.',
  details: null,
};

/** Figures of the right kind for a model whose plan was not recorded. */
function simplePlan(sizeBytes: number, nCtx: number, withGpu: boolean): PlanView {
  const kv = nCtx * 131_072;
  const need = sizeBytes + kv + 0.9 * gib;
  const onGpu = withGpu && need < 22.6 * gib;
  const ram = (withGpu ? 64 : 32) * gib;
  const tooBig = !onGpu && need > ram * 3;
  const rate = onGpu ? 1008e9 : withGpu ? 130e9 : 40e9;
  const speed = (share: number) => (rate * share) / sizeBytes;
  const held = { weights: sizeBytes, kv, compute: 0.4 * gib } as const;
  const bar = (name: string, memoryBytes: number, filled: boolean) => ({
    name,
    memoryBytes,
    parts: [
      ...(filled
        ? (['weights', 'kv', 'compute'] as const).map((kind) => ({ kind, bytes: held[kind] }))
        : []),
      {
        kind: 'free' as const,
        bytes: Math.max(0, memoryBytes - (filled ? need : 6 * gib)),
      },
    ],
  });
  return {
    verdict: tooBig ? 'tooBig' : onGpu ? 'fitsOnGpu' : need < ram ? 'fitsWithRam' : 'readsFromDisk',
    nGpuLayers: onGpu ? 33 : 0,
    nGpuLayersMax: onGpu ? 33 : 0,
    nLayersAll: 33,
    bars: [...(withGpu ? [bar('RTX 4090', 24 * gib, onGpu)] : []), bar('Memory', ram, !onGpu)],
    diskBytesPerToken: [0, need < ram || onGpu ? 0 : need - ram],
    tokS: { low: speed(0.5), high: speed(0.8), measured: false },
    promptTokS: { low: speed(6), high: speed(9), measured: false },
  };
}

function repos(now: number): FakeRepo[] {
  const repo = (
    name: string,
    billions: number,
    licence: string | null,
    [downloads, likes, days]: [number, number, number],
    gated = false,
  ): FakeRepo => ({
    repo: name,
    downloads,
    likes,
    updatedMs: now - days * day,
    gated,
    licence,
    models: Object.entries(bitsOf).map(([quant, [bits, qualityStep]]) => ({
      quant,
      sizeBytes: Math.round((billions * 1e9 * bits) / 8),
      nFiles: 1,
      qualityStep,
    })),
  });
  const seventy = (name: string, figures: [number, number, number]) => ({
    ...repo(name, 70.6, 'llama3.3', figures),
    models: quants.map(({ quant, fileBytes, qualityStep }) => ({
      quant,
      sizeBytes: fileBytes ?? 40_116_501_232,
      nFiles: (fileBytes ?? 0) > 50e9 ? 2 : 1,
      qualityStep,
    })),
  });
  return [
    seventy('bartowski/Llama-3.3-70B-Instruct-GGUF', [184_220, 214, 320]),
    seventy('lmstudio-community/Llama-3.3-70B-Instruct-GGUF', [61_402, 52, 322]),
    repo('bartowski/Llama-3.2-1B-Instruct-GGUF', 1.24, 'llama3.2', [98_310, 130, 400]),
    repo('bartowski/Llama-3.2-3B-Instruct-GGUF', 3.21, 'llama3.2', [151_877, 176, 400]),
    repo('bartowski/Llama-3.1-8B-Instruct-GGUF', 8.03, 'llama3.1', [240_551, 301, 470]),
    repo('Qwen/Qwen2.5-7B-Instruct-GGUF', 7.6, 'apache-2.0', [122_019, 98, 430]),
    repo('bartowski/Mistral-Small-24B-Instruct-2501-GGUF', 23.6, 'apache-2.0', [44_870, 77, 290]),
    repo('google/gemma-3-27b-it-GGUF', 27, 'gemma', [30_112, 240, 240], true),
    repo('bartowski/Gemma-3-27B-it-GGUF', 27, 'gemma', [51_330, 61, 250]),
    {
      ...repo(troubles, 7, null, [12, 0, 2]),
      models: ['offline', 'busy', 'fault', 'stalled', 'proxy', 'checksum', 'notice', 'disk'].map(
        (quant) => ({ quant, sizeBytes: 4_370_000_000, nFiles: 1, qualityStep: null }),
      ),
    },
  ];
}
