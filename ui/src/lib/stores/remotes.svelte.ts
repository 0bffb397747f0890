import { SvelteMap } from 'svelte/reactivity';
import { asApiError, type ApiError, type Host, type NewRemote, type RemoteServer } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import type { EngineStore } from './engine.svelte';

/**
 * Owns which other servers answer. Does not own their keys: those go to the host and never come
 * back. No server is asked but by what somebody clicked for.
 */
export class RemotesStore {
  /** As they were added; null: not read yet. */
  list = $state.raw<readonly RemoteServer[] | null>(null);
  /** Why they could not be read. */
  problem = $state.raw<ApiError | null>(null);
  /** Why the new one is not there. */
  addProblem = $state.raw<ApiError | null>(null);
  adding = $state(false);
  /** What went wrong with a server, by its id. */
  problems = new SvelteMap<string, ApiError>();
  /** Those that are being asked or removed. */
  busy = new SvelteMap<string, true>();

  #host: Host;
  #engine: EngineStore;
  #announcer: Announcer;

  constructor(host: Host, engine: EngineStore, announcer: Announcer) {
    this.#host = host;
    this.#engine = engine;
    this.#announcer = announcer;
  }

  async open() {
    try {
      this.list = await this.#host.listRemotes();
      this.problem = null;
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  /** True if it is kept now. */
  async add(server: NewRemote): Promise<boolean> {
    if (this.adding) return false;
    this.adding = true;
    this.addProblem = null;
    try {
      const added = await this.#host.addRemote(server);
      this.list = [...(this.list ?? []), added];
      this.#announcer.say(t('remotes.saidAdded', { name: added.name }));
      await this.#engine.refreshModels();
      return true;
    } catch (reason) {
      this.addProblem = asApiError(reason);
      return false;
    } finally {
      this.adding = false;
    }
  }

  refresh({ id }: RemoteServer) {
    return this.#change(id, () => this.#host.refreshRemote(id), 'remotes.saidRefreshed');
  }

  rename({ id }: RemoteServer, name: string) {
    return this.#change(id, () => this.#host.renameRemote(id, name), 'remotes.saidRenamed');
  }

  setKey({ id }: RemoteServer, key: string | null) {
    return this.#change(id, () => this.#host.setRemoteKey(id, key), 'remotes.saidKey');
  }

  async remove({ id, name }: RemoteServer): Promise<boolean> {
    return this.#with(id, async () => {
      await this.#host.removeRemote(id);
      this.list = this.list?.filter((server) => server.id !== id) ?? null;
      this.#announcer.say(t('remotes.saidRemoved', { name }));
    });
  }

  #change(
    id: string,
    ask: () => Promise<RemoteServer>,
    said: 'remotes.saidRefreshed' | 'remotes.saidRenamed' | 'remotes.saidKey',
  ): Promise<boolean> {
    return this.#with(id, async () => {
      const changed = await ask();
      this.list = this.list?.map((server) => (server.id === id ? changed : server)) ?? null;
      this.#announcer.say(t(said, { name: changed.name }));
    });
  }

  /** True if it was done; the picker shows it at once. */
  async #with(id: string, work: () => Promise<void>): Promise<boolean> {
    if (this.busy.has(id)) return false;
    this.busy.set(id, true);
    this.problems.delete(id);
    try {
      await work();
      await this.#engine.refreshModels();
      return true;
    } catch (reason) {
      this.problems.set(id, asApiError(reason));
      return false;
    } finally {
      this.busy.delete(id);
    }
  }
}
