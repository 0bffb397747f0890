import { asApiError, type ApiError, type CopyEvent, type CopyOptions, type Host } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/**
 * Owns making a smaller copy of a model: of which one it is asked, what can be made, and how far the
 * one is that is being made. Does not own the models (library store), where the copy then appears.
 */
export class CopiesStore {
  /** The model that a copy is asked of. */
  path = $state<string | null>(null);
  options = $state.raw<CopyOptions | null>(null);
  quant = $state('');
  /** The model that a copy is being made of. */
  making = $state<string | null>(null);
  stopping = $state(false);
  progress = $state.raw<CopyEvent | null>(null);
  problem = $state.raw<ApiError | null>(null);

  chosen = $derived(this.options?.options.find((option) => option.quant === this.quant) ?? null);

  #host: Host;
  #announcer: Announcer;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  async ask(path: string) {
    this.path = path;
    this.options = null;
    this.problem = null;
    try {
      const options = await this.#host.copiesOf(path);
      if (this.path !== path) return;
      this.options = options;
      const usual = options.options.find((option) => option.quant === 'Q4_K_M');
      this.quant = (usual ?? options.options.at(-1))?.quant ?? '';
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  close() {
    this.path = null;
    this.problem = null;
  }

  async make() {
    const { path, quant } = this;
    if (path === null || this.making !== null || !this.chosen) return;
    this.making = path;
    this.stopping = false;
    this.progress = null;
    this.problem = null;
    try {
      const made = await this.#host.copyModel(path, quant, (event) => (this.progress = event));
      this.#announcer.say(
        made === null ? t('copy.saidStopped') : t('copy.saidMade', { path: made }),
      );
      this.close();
    } catch (reason) {
      this.problem = asApiError(reason);
    } finally {
      this.making = null;
    }
  }

  async stop() {
    this.stopping = true;
    try {
      await this.#host.stopCopy();
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }
}
