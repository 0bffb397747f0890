import { asApiError, type ApiError, type Folder, type Host } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/** Owns the folders, by name. Does not own what is in them (conversations store). */
export class FoldersStore {
  list = $state.raw<readonly Folder[]>([]);
  problem = $state.raw<ApiError | null>(null);

  #host: Host;
  #announcer: Announcer;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  async start() {
    await this.#do(() => Promise.resolve());
  }

  find(id: string): Folder | null {
    return this.list.find((folder) => folder.id === id) ?? null;
  }

  async create(typed: string): Promise<Folder | null> {
    const name = typed.trim();
    if (name === '') return null;
    const folder = await this.#do(() => this.#host.createFolder(name));
    if (folder) this.#announcer.say(t('side.saidFolder', { name }));
    return folder;
  }

  async rename(id: string, typed: string) {
    const name = typed.trim();
    if (name === '' || name === this.find(id)?.name) return;
    await this.#do(() => this.#host.renameFolder(id, name));
  }

  /** What is in it stays, in no folder. */
  async remove(id: string) {
    const name = this.find(id)?.name ?? '';
    await this.#do(() => this.#host.deleteFolder(id));
    if (!this.find(id)) this.#announcer.say(t('side.saidFolderGone', { name }));
  }

  dismissProblem() {
    this.problem = null;
  }

  async #do<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      const made = await act();
      this.list = await this.#host.folders();
      return made;
    } catch (reason) {
      this.problem = asApiError(reason);
      return null;
    }
  }
}
