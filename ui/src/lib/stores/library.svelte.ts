import { SvelteMap } from 'svelte/reactivity';
import { asApiError, type ApiError, type Host, type LibraryView, type PlanView } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import type { PlanningStore } from './planning.svelte';

export type LocalPlan =
  { kind: 'reading' } | { kind: 'known'; plan: PlanView } | { kind: 'failed'; error: ApiError };

/**
 * Owns the models that are on this computer and what can be done with their files. Does not own
 * loading them (engine store). The view always comes whole from the host.
 */
export class LibraryStore {
  view = $state.raw<LibraryView | null>(null);
  problem = $state.raw<ApiError | null>(null);
  /** Why a model could not be verified, repaired or deleted, by its path. */
  problems = new SvelteMap<string, ApiError>();

  #plans = new SvelteMap<string, LocalPlan>();
  #host: Host;
  #planning: PlanningStore;
  #announcer: Announcer;

  constructor(host: Host, planning: PlanningStore, announcer: Announcer) {
    this.#host = host;
    this.#planning = planning;
    this.#announcer = announcer;
  }

  /** What was found the last time; nothing is asked of the network. */
  async start() {
    try {
      await this.#host.onLibrary((view) => this.#take(view));
      this.view = await this.#host.library();
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  async scan() {
    await this.#do(async () => {
      this.view = await this.#host.scanLibrary();
      this.#announcer.say(t('library.saidScanned', { count: this.view.models.length }));
    });
  }

  async addFolder() {
    await this.#do(async () => {
      const path = await this.#host.pickFolder();
      if (path !== null) await this.#host.addLibraryFolder(path);
    });
  }

  async removeFolder(path: string) {
    await this.#do(() => this.#host.removeLibraryFolder(path));
  }

  async verify(path: string) {
    await this.#at(path, () => this.#host.verifyModel(path));
  }

  /** True if a download has begun that does it. */
  repair(path: string): Promise<boolean> {
    return this.#at(path, () => this.#host.repairModel(path));
  }

  async delete(path: string, name: string) {
    if (await this.#at(path, () => this.#host.deleteModel(path)))
      this.#announcer.say(t('library.saidDeleted', { name }));
  }

  async undoDelete(id: string, name: string) {
    await this.#do(() => this.#host.undoDelete(id));
    if (this.problem === null) this.#announcer.say(t('library.saidRestored', { name }));
  }

  planOf(path: string): LocalPlan | null {
    return this.#plans.get(path) ?? null;
  }

  /** Works out what a model would take here; from its own file. */
  async plan(path: string) {
    const known = this.#plans.get(path);
    if (known && known.kind !== 'failed') return;
    this.#plans.set(path, { kind: 'reading' });
    try {
      const plan = await this.#host.planFile(path, this.#planning.request.nCtx);
      this.#plans.set(path, { kind: 'known', plan });
    } catch (reason) {
      this.#plans.set(path, { kind: 'failed', error: asApiError(reason) });
    }
  }

  #take(view: LibraryView) {
    const before = new Map(this.view?.models.map((m) => [m.path, m.verified.kind]));
    this.view = view;
    for (const { path, name, verified } of view.models) {
      if (before.get(path) !== 'checking') continue;
      if (verified.kind === 'verified' || verified.kind === 'broken')
        this.#announcer.say(
          t('library.saidVerified', { name, result: t(`verified.${verified.kind}`) }),
        );
    }
  }

  async #do(act: () => Promise<unknown>) {
    try {
      await act();
      this.problem = null;
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  async #at(path: string, act: () => Promise<unknown>): Promise<boolean> {
    this.problems.delete(path);
    try {
      await act();
      return true;
    } catch (reason) {
      this.problems.set(path, asApiError(reason));
      return false;
    }
  }
}
