import type { DownloadView, LibraryModelView, LibraryView } from '../lib/host';

/** A download in the middle of its way, with what a test changes about it. */
export function download(change: Partial<DownloadView> = {}): DownloadView {
  return {
    id: 'd1',
    repo: 'bartowski/Llama-3.3-70B-Instruct-GGUF',
    quant: 'Q4_K_M',
    name: 'Llama-3.3-70B-Instruct-Q4_K_M',
    nFiles: 1,
    totalBytes: 42_500_000_000,
    doneBytes: 17_000_000_000,
    state: { kind: 'downloading', connections: 8 },
    bytesPerS: 35_400_000,
    etaS: 720,
    map: [100, 100, 40, 0],
    notices: [],
    folder: '/models',
    path: null,
    ...change,
  };
}

export function localModel(change: Partial<LibraryModelView> = {}): LibraryModelView {
  return {
    path: '/models/a/Llama-Q4_K_M.gguf',
    name: 'Llama-Q4_K_M',
    quant: 'Q4_K_M',
    sizeBytes: 4_900_000_000,
    nFiles: 1,
    source: 'paddock',
    repo: null,
    verified: { kind: 'verified' },
    problem: null,
    sameAs: [],
    canDelete: true,
    ...change,
  };
}

export function localModels(...models: LibraryModelView[]): LibraryView {
  return {
    models,
    places: [{ source: 'paddock', path: '/models', nModels: 1, sizeBytes: 1, problem: null }],
    deleted: [],
    scanning: false,
    duplicateBytes: 0,
  };
}
