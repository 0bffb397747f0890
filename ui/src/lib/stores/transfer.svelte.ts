import { errorWords } from '../format/errors';
import {
  asApiError,
  type ApiError,
  type ExportFormat,
  type Host,
  type ImportReport,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/** What came of the last export or import, until it is put away. */
export type Transfer =
  | { kind: 'exported'; path: string }
  | { kind: 'imported'; report: ImportReport }
  | { kind: 'failed'; error: ApiError };

/** Owns giving conversations out and taking them in. Does not own the list (conversations store). */
export class TransferStore {
  last = $state.raw<Transfer | null>(null);
  busy = $state<'exporting' | 'importing' | null>(null);

  #host: Host;
  #announcer: Announcer;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  async export(id: string, format: ExportFormat) {
    await this.#do('exporting', async () => {
      const path = await this.#host.exportConversation(id, format);
      return path === null ? null : { kind: 'exported', path };
    });
  }

  async exportAll() {
    await this.#do('exporting', async () => {
      const path = await this.#host.exportAll();
      return path === null ? null : { kind: 'exported', path };
    });
  }

  async import() {
    await this.#do('importing', async () => {
      const report = await this.#host.importConversations();
      return report === null ? null : { kind: 'imported', report };
    });
  }

  dismiss() {
    this.last = null;
  }

  /** Nothing is said of a dialog that was closed without a choice. */
  async #do(what: 'exporting' | 'importing', act: () => Promise<Transfer | null>) {
    if (this.busy) return;
    this.busy = what;
    try {
      const result = await act();
      if (!result) return;
      this.last = result;
      this.#announcer.say(told(result));
    } catch (reason) {
      this.last = { kind: 'failed', error: asApiError(reason) };
    } finally {
      this.busy = null;
    }
  }
}

/** The result in one sentence. */
export function told(result: Transfer): string {
  switch (result.kind) {
    case 'exported':
      return t('transfer.exported', { path: result.path });
    case 'imported':
      return t('transfer.imported', {
        conversations: t('transfer.conversations', { count: result.report.conversations }),
        messages: t('transfer.messages', { count: result.report.messages }),
      });
    case 'failed':
      return errorWords(result.error);
  }
}
