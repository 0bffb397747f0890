import type {
  Delay,
  DownloadRequest,
  DownloadSettings,
  DownloadState,
  DownloadView,
  PreflightView,
  WaitReason,
} from './bindings';
import { fakeError } from './fake-script';
import type { FakeFile, FakeHub } from './fake-hub';
import type { FakeLibrary } from './fake-library';
import type { Host } from './host';

/**
 * Downloads in memory, one at a time, at the pace of a good line; at once in tests. What the name of
 * the quantization says happens on the way: offline, busy (429), fault, stalled, proxy, checksum,
 * notice, disk (too little room for it).
 */
export type FakeDownloadsHost = Pick<
  Host,
  | 'checkDownload'
  | 'startDownload'
  | 'listDownloads'
  | 'pauseDownload'
  | 'resumeDownload'
  | 'cancelDownload'
  | 'moveDownload'
  | 'dismissDownload'
  | 'downloadSettings'
  | 'setDownloadSettings'
  | 'pickFolder'
  | 'onDownloads'
>;

export interface FakeDownloadsOptions {
  /** Downloads that are in the list as they are, and stay so until something is done with them. */
  downloads?: DownloadView[];
  downloadSettings?: Partial<DownloadSettings>;
  /** What the folder dialog gives back. */
  pickedFolder?: string | null;
}

const tickMs = 250;
const bytesPerS = 96e6;
const parts = 96;
const host = 'huggingface.co';

const troubles: Record<string, [WaitReason, Delay, seconds: number | null]> = {
  offline: ['offline', { kind: 'unreachable', host, reason: 'Network is unreachable' }, null],
  busy: ['busy', { kind: 'tooManyRequests', host }, 40],
  fault: ['serverFault', { kind: 'serverFault', host, status: 503 }, 15],
  stalled: ['stalled', { kind: 'silent', host, seconds: 30 }, 5],
  proxy: ['proxy', { kind: 'proxyLogin', proxy: 'proxy.example' }, null],
};

interface Active {
  view: DownloadView;
  file: FakeFile | null;
  /** Its trouble has been had. */
  over: boolean;
}

export class FakeDownloads {
  #list: Active[];
  #listeners = new Set<(list: DownloadView[]) => void>();
  #settings: DownloadSettings;
  #instant: boolean;
  #timer: ReturnType<typeof setInterval> | null = null;
  #ids = 0;
  #now: () => number;
  #hub: FakeHub;
  #library: FakeLibrary;
  #picked: string | null;

  constructor(
    options: FakeDownloadsOptions,
    parts: { instant: boolean; now: () => number; hub: FakeHub; library: FakeLibrary },
  ) {
    this.#list = (options.downloads ?? []).map((view) => {
      return { view: structuredClone(view), file: null, over: true };
    });
    this.#settings = {
      modelsFolder: '/home/you/.local/share/paddock/models',
      freeBytes: 412e9,
      speedLimitBytesPerS: null,
      endpoint: null,
      shareWithHfCache: false,
      keepAwake: true,
      notify: true,
      ...options.downloadSettings,
    };
    this.#picked = options.pickedFolder === undefined ? '/media/big/models' : options.pickedFolder;
    this.#instant = parts.instant;
    this.#now = parts.now;
    this.#hub = parts.hub;
    this.#library = parts.library;
  }

  host(): FakeDownloadsHost {
    return {
      checkDownload: async (request) => {
        if (!this.#instant) await new Promise((done) => setTimeout(done, 900));
        return this.#check(this.#hub.file(request.repo, request.model));
      },
      startDownload: async (request) => this.#start(request),
      listDownloads: async () => this.#views(),
      pauseDownload: async (id) => this.#set(id, { kind: 'paused' }),
      resumeDownload: async (id) => {
        this.#find(id).over = true;
        this.#set(id, { kind: 'queued' });
      },
      cancelDownload: async (id) => this.#remove(id),
      dismissDownload: async (id) => this.#remove(id),
      moveDownload: async (id, position) => {
        const moved = this.#find(id);
        this.#list = this.#list.filter((d) => d !== moved);
        this.#list.splice(position, 0, moved);
        this.#tell();
      },
      downloadSettings: async () => ({ ...this.#settings }),
      setDownloadSettings: async (settings) => {
        if (settings.endpoint !== null && !/^https?:\/\//.test(settings.endpoint))
          throw {
            ...fakeError('badInput'),
            message: `“${settings.endpoint}” is not the address of a server.`,
            hint: 'It begins with https://.',
          };
        this.#settings = { ...settings };
        return { ...this.#settings };
      },
      pickFolder: async () => this.#picked,
      onDownloads: async (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
    };
  }

  /** A repair is a download of what is wrong. */
  repair(name: string, quant: string | null, repo: string, totalBytes: number): string {
    return this.#add(
      { repo, name, quant, totalBytes, doneBytes: Math.round(totalBytes * 0.98), nFiles: 1 },
      null,
    );
  }

  #check({ model, gated, licence }: FakeFile): PreflightView {
    const freeBytes = model.quant === 'disk' ? 3.1e9 : (this.#settings.freeBytes ?? 0);
    const folder = this.#settings.modelsFolder;
    const closed = gated ? fakeError('gated') : null;
    const full =
      model.sizeBytes > freeBytes
        ? {
            ...fakeError('storage'),
            message: `There is not enough room in “${folder}”.`,
            hint: null,
            details: null,
            what: {
              kind: 'diskFull' as const,
              folder,
              neededBytes: model.sizeBytes,
              freeBytes,
            },
          }
        : null;
    return {
      totalBytes: model.sizeBytes,
      missingBytes: model.sizeBytes,
      freeBytes,
      folder: this.#settings.modelsFolder,
      problem: closed ?? full,
      localPath: this.#library.pathOf(model.name),
      licence,
    };
  }

  #start(request: DownloadRequest): string {
    const file = this.#hub.file(request.repo, request.model);
    const { problem, licence } = this.#check(file);
    if (problem) throw problem;
    if (licence?.llama && !licence.accepted) throw fakeError('licenceNotAccepted');
    const { name, quant, sizeBytes, nFiles } = file.model;
    return this.#add(
      { repo: file.repo, name, quant, totalBytes: sizeBytes, doneBytes: 0, nFiles },
      file,
    );
  }

  #add(
    known: Pick<DownloadView, 'repo' | 'name' | 'quant' | 'totalBytes' | 'doneBytes' | 'nFiles'>,
    file: FakeFile | null,
  ): string {
    this.#ids += 1;
    const id = `d${this.#ids}`;
    const view: DownloadView = {
      ...known,
      id,
      state: { kind: 'queued' },
      bytesPerS: 0,
      etaS: null,
      map: [],
      notices: [],
      folder: this.#settings.modelsFolder,
      path: null,
    };
    this.#list.push({ view, file, over: false });
    this.#tell();
    if (this.#instant) void this.#atOnce(id);
    else this.#run();
    return id;
  }

  async #atOnce(id: string) {
    const active = this.#find(id);
    while (active.view.state.kind !== 'ready' && this.#list.includes(active)) {
      await Promise.resolve();
      const { kind } = active.view.state;
      if (kind === 'waiting' || kind === 'paused' || kind === 'failed') return;
      this.#step(active, active.view.totalBytes / 3);
      this.#tell();
    }
  }

  #run() {
    this.#timer ??= setInterval(() => {
      let free = true;
      for (const active of this.#list) {
        if (!isGoing(active) || !free) continue;
        free = active.view.state.kind === 'waiting';
        const share = 0.7 + Math.random() * 0.6;
        this.#step(active, ((bytesPerS * tickMs) / 1000) * share);
      }
      this.#tell();
      if (this.#timer === null || this.#list.some((d) => isGoing(d))) return;
      clearInterval(this.#timer);
      this.#timer = null;
    }, tickMs);
  }

  #step(active: Active, amount: number) {
    const { view } = active;
    const { state } = view;
    const [reason, why, seconds] = troubles[view.quant ?? ''] ?? [];
    switch (state.kind) {
      case 'queued':
        view.state = { kind: 'preparing' };
        break;
      case 'preparing':
        view.state = { kind: 'downloading', connections: 8 };
        if (view.quant === 'notice')
          view.notices.push({ kind: 'onceMore', file: `${view.name}.gguf` });
        break;
      case 'waiting':
        if (state.untilMs !== null && state.untilMs <= this.#now()) {
          active.over = true;
          view.state = { kind: 'downloading', connections: 8 };
        }
        break;
      case 'downloading':
        view.doneBytes = Math.min(view.totalBytes, Math.round(view.doneBytes + amount));
        view.bytesPerS = Math.round((view.bytesPerS * 7 + (amount * 1000) / tickMs) / 8);
        view.etaS =
          view.bytesPerS > bytesPerS / 3
            ? Math.round((view.totalBytes - view.doneBytes) / view.bytesPerS)
            : null;
        view.map = mapOf(view.doneBytes / view.totalBytes);
        if (reason && why && !active.over && view.doneBytes > view.totalBytes * 0.3) {
          const untilMs = seconds ? this.#now() + seconds * 1000 : null;
          view.state = { kind: 'waiting', reason, why, untilMs };
          Object.assign(view, { bytesPerS: 0, etaS: null });
        } else if (view.doneBytes === view.totalBytes) {
          view.state = { kind: 'verifying', checkedBytes: 0 };
          Object.assign(view, { bytesPerS: 0, etaS: null });
        }
        break;
      case 'verifying': {
        const checkedBytes = Math.min(view.totalBytes, state.checkedBytes + amount * 8);
        view.state = { kind: 'verifying', checkedBytes };
        if (checkedBytes === view.totalBytes) this.#end(active);
        break;
      }
    }
  }

  #end(active: Active) {
    const { view } = active;
    if (view.quant === 'checksum' && !active.over) {
      view.state = {
        kind: 'failed',
        error: {
          ...fakeError('storage'),
          message: 'The file is not what was published: its checksum differs.',
          hint: 'Repair it under Models, or download it again.',
          what: { kind: 'fileDamaged', file: `${view.name}.gguf`, damagedBytes: 67_108_864 },
        },
      };
      return;
    }
    view.state = { kind: 'ready' };
    view.path = `${view.folder}/${view.repo}/${view.name}.gguf`;
    this.#library.add(view);
  }

  #set(id: string, state: DownloadState) {
    const active = this.#find(id);
    active.view.state = state;
    Object.assign(active.view, { bytesPerS: 0, etaS: null });
    this.#tell();
    if (state.kind !== 'queued') return;
    if (this.#instant) void this.#atOnce(id);
    else this.#run();
  }

  #remove(id: string) {
    const gone = this.#find(id);
    this.#list = this.#list.filter((d) => d !== gone);
    this.#tell();
  }

  #find(id: string): Active {
    const found = this.#list.find((d) => d.view.id === id);
    if (!found) throw fakeError('notFound');
    return found;
  }

  #views() {
    return structuredClone(this.#list.map((d) => d.view));
  }

  #tell() {
    const list = this.#views();
    for (const listener of this.#listeners) listener(list);
  }
}

/** Those that a test put into the list stay as they are until something is done with them. */
function isGoing({ view, file, over }: Active): boolean {
  if (!file && over && view.state.kind !== 'queued') return false;
  return !['paused', 'failed', 'ready'].includes(view.state.kind);
}

/** Eight connections, each with its own eighth of the file. */
function mapOf(fraction: number): number[] {
  const lane = parts / 8;
  return Array.from({ length: parts }, (_, i) => {
    const filled = fraction * lane * (1 + 0.06 * Math.sin(Math.floor(i / lane) * 2));
    return Math.round(Math.max(0, Math.min(1, filled - (i % lane))) * 100);
  }).map((percent) => (fraction === 1 ? 100 : percent));
}
