import { isUnderway } from '../format/downloads';
import { errorWords, sayDelay } from '../format/errors';
import { asApiError, type ApiError, type DownloadView, type Host } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/** A wait that comes and goes is told a screen reader at most this often. */
const quietMs = 30_000;

/**
 * Owns the list of downloads and what can be done with them. Does not own what is known before one
 * begins (offers store). The list always comes whole from the host; nothing here guesses progress.
 */
export class DownloadsStore {
  list = $state.raw<readonly DownloadView[]>([]);
  problem = $state.raw<ApiError | null>(null);

  underway = $derived(this.list.filter((d) => isUnderway(d.state)));

  #host: Host;
  #announcer: Announcer;
  #saidWaitingAt = new Map<string, number>();

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  /** What is on this computer's own disk; nothing is asked of the network. */
  async start() {
    try {
      await this.#host.onDownloads((list) => this.#take(list));
      this.list = await this.#host.listDownloads();
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  /** A model of a repository, by its name or its quantization. */
  of(repo: string, { name, quant }: { name?: string | null; quant: string | null }) {
    const same = (d: DownloadView) => d.name === name || (quant !== null && d.quant === quant);
    return this.list.find((d) => d.repo === repo && same(d)) ?? null;
  }

  pause(id: string) {
    return this.#do(() => this.#host.pauseDownload(id));
  }

  resume(id: string) {
    return this.#do(() => this.#host.resumeDownload(id));
  }

  async cancel(id: string) {
    const name = this.list.find((d) => d.id === id)?.name ?? '';
    if (await this.#do(() => this.#host.cancelDownload(id)))
      this.#announcer.say(t('downloads.saidCancelled', { name }));
  }

  dismiss(id: string) {
    return this.#do(() => this.#host.dismissDownload(id));
  }

  async move(id: string, by: -1 | 1) {
    const at = this.list.findIndex((d) => d.id === id);
    const position = at + by;
    const name = this.list[at]?.name;
    if (name === undefined || position < 0 || position >= this.list.length) return;
    if (await this.#do(() => this.#host.moveDownload(id, position)))
      this.#announcer.say(
        t('downloads.saidMoved', { name, at: position + 1, of: this.list.length }),
      );
  }

  async #do(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      this.problem = null;
      return true;
    } catch (reason) {
      this.problem = asApiError(reason);
      return false;
    }
  }

  #take(list: readonly DownloadView[]) {
    const before = new Map(this.list.map((d) => [d.id, d.state.kind]));
    this.list = list;
    for (const download of list) {
      const was = before.get(download.id);
      if (was !== download.state.kind) this.#tell(download, was === undefined);
    }
  }

  /** What begins, stands still, ends or breaks; never each percent. */
  #tell({ id, name, state }: DownloadView, isNew: boolean) {
    if (state.kind === 'ready') this.#announcer.say(t('downloads.saidReady', { name }));
    else if (state.kind === 'failed')
      this.#announcer.say(t('downloads.saidFailed', { name, message: errorWords(state.error) }));
    else if (state.kind === 'waiting') {
      const now = Date.now();
      if (now - (this.#saidWaitingAt.get(id) ?? -quietMs) < quietMs) return;
      this.#saidWaitingAt.set(id, now);
      this.#announcer.say(t('downloads.saidWaiting', { name, sentence: sayDelay(state.why) }));
    } else if (isNew) this.#announcer.say(t('downloads.saidStarted', { name }));
  }
}
