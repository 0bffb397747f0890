import { asApiError, type ApiError, type Host, type PromptTemplate } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/** Owns the texts to begin a message with. Does not own the menu that offers them. */
export class TemplatesStore {
  /** By name. */
  list = $state.raw<readonly PromptTemplate[]>([]);
  problem = $state.raw<ApiError | null>(null);

  #host: Host;
  #announcer: Announcer;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  async open() {
    await this.#try(async () => {
      this.list = await this.#host.templates();
    });
  }

  async store(template: PromptTemplate): Promise<boolean> {
    return this.#try(async () => {
      const name = template.name.trim();
      await this.#host.saveTemplate({ ...template, name });
      this.list = await this.#host.templates();
      this.#announcer.say(t('templates.saved', { name }));
    });
  }

  async remove(template: PromptTemplate): Promise<boolean> {
    return this.#try(async () => {
      await this.#host.deleteTemplate(template.id);
      this.list = await this.#host.templates();
      this.#announcer.say(t('templates.deleted', { name: template.name }));
    });
  }

  async #try(ask: () => Promise<void>): Promise<boolean> {
    try {
      await ask();
      this.problem = null;
      return true;
    } catch (reason) {
      this.problem = asApiError(reason);
      return false;
    }
  }
}
