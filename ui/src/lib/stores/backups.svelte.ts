import { asApiError, type ApiError, type Backup, type Host } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/** Owns the copies of the database. Does not own whether one is made each day (chat settings). */
export class BackupsStore {
  /** Newest first; null until they were asked for. */
  list = $state.raw<readonly Backup[] | null>(null);
  busy = $state<'backingUp' | 'restoring' | null>(null);
  problem = $state.raw<ApiError | null>(null);

  #host: Host;
  #announcer: Announcer;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  async read() {
    await this.#do(null, () => Promise.resolve());
  }

  async backUpNow() {
    if (await this.#do('backingUp', () => this.#host.backUpNow()))
      this.#announcer.say(t('backups.saidMade'));
  }

  /** True if it is in the place of the database now. */
  async restore(name: string): Promise<boolean> {
    const done = await this.#do('restoring', () => this.#host.restoreBackup(name));
    if (done) this.#announcer.say(t('backups.saidRestored'));
    return done;
  }

  async #do(busy: 'backingUp' | 'restoring' | null, act: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = busy;
    try {
      await act();
      this.list = await this.#host.backups();
      this.problem = null;
      return true;
    } catch (reason) {
      this.problem = asApiError(reason);
      return false;
    } finally {
      this.busy = null;
    }
  }
}
