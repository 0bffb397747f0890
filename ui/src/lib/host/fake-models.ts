import type { ModelEntry } from './bindings';
import { fakeBench, type FakeBenchHost } from './fake-bench';
import { FakeDownloads, type FakeDownloadsHost, type FakeDownloadsOptions } from './fake-downloads';
import type { FakeOptions } from './fake';
import { FakeHub, type FakeHubHost, type FakeHubOptions } from './fake-hub';
import { FakeLibrary, type FakeLibraryHost, type FakeLibraryOptions } from './fake-library';
import { fakeLoading, type FakeLoadingOptions, type LoadingHost } from './fake-loading';
import type { Host } from './host';

/**
 * What is offered, what is fetched and what is here: three parts that know of each other; how it is loaded, and what is
 * measured.
 */
export type ModelsHost = FakeHubHost &
  FakeDownloadsHost &
  FakeLibraryHost &
  LoadingHost &
  FakeBenchHost;

export type FakeModelsOptions = FakeHubOptions &
  FakeDownloadsOptions &
  FakeLibraryOptions &
  FakeLoadingOptions;

export function fakeModels(
  options: FakeOptions,
  host: Pick<Host, 'loadModel' | 'unloadModel'>,
): ModelsHost {
  const instant = options.pace === 'instant';
  const now = options.now ?? (() => Date.now());
  const wait = (ms: number) =>
    instant ? Promise.resolve() : new Promise<void>((done) => setTimeout(done, ms));
  const library = new FakeLibrary(options, instant, wait);
  const pathOf = (name: string) => library.pathOf(name);
  const hub = new FakeHub(options, { wait, now: now(), pathOf });
  const downloads = new FakeDownloads(options, { instant, now, hub, library });
  library.repairWith(({ name, quant, repo }, bytes) =>
    downloads.repair(name, quant, repo ?? '', bytes),
  );
  const loading = fakeLoading(options, host);
  return {
    ...hub.host(),
    ...downloads.host(),
    ...library.host(),
    ...loading,
    ...fakeBench(options),
  };
}

/** What is loaded when a message comes and nothing is: the model used last, else the self-test model. */
export function modelToLoad(models: readonly ModelEntry[]): ModelEntry | undefined {
  const last = models
    .filter((m) => m.present && m.lastUsedMs !== null && !m.name.includes('broken'))
    .sort((a, b) => (b.lastUsedMs ?? 0) - (a.lastUsedMs ?? 0))[0];
  return last ?? models.find((m) => m.selfTest);
}
