import { asApiError, type ApiError, type ConversationSummary, type Host } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/**
 * Owns the list in the sidebar: titles, order, renaming, and what was deleted and can come back.
 * Does not own what is inside a conversation, nor which one is open (chat store).
 */
export class ConversationsStore {
  list = $state.raw<readonly ConversationSummary[]>([]);
  /** Most recently deleted last. They can be restored until the app ends. */
  deleted = $state.raw<readonly ConversationSummary[]>([]);
  problem = $state.raw<ApiError | null>(null);

  #host: Host;
  #announcer: Announcer;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  async start() {
    try {
      await this.#host.onConversations((list) => (this.list = list));
      this.list = await this.#host.listConversations();
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }

  /** A send has made or touched this one; the list is told before the host's own word arrives. */
  touch(summary: ConversationSummary) {
    this.list = [summary, ...this.list.filter((c) => c.id !== summary.id)];
  }

  async rename(id: string, typed: string) {
    const title = typed.trim();
    const before = this.list;
    const old = before.find((c) => c.id === id);
    if (!old || title === '' || title === old.title) return;
    this.list = before.map((c) => (c.id === id ? { ...c, title } : c));
    try {
      await this.#host.renameConversation(id, title);
    } catch (reason) {
      this.list = this.list.map((c) => (c.id === id ? { ...c, title: old.title } : c));
      this.problem = asApiError(reason);
    }
  }

  async remove(id: string): Promise<boolean> {
    const gone = this.list.find((c) => c.id === id);
    if (!gone) return false;
    try {
      await this.#host.deleteConversation(id);
    } catch (reason) {
      this.problem = asApiError(reason);
      return false;
    }
    this.list = this.list.filter((c) => c.id !== id);
    this.deleted = [...this.deleted, gone];
    this.#announcer.say(t('announce.deleted', { title: gone.title }));
    return true;
  }

  /** Brings the last deleted conversation back. */
  async undoDelete(): Promise<ConversationSummary | null> {
    const last = this.deleted.at(-1);
    if (!last) return null;
    try {
      const back = await this.#host.restoreConversation(last.id);
      this.deleted = this.deleted.filter((c) => c.id !== last.id);
      const others = this.list.filter((c) => c.id !== back.id);
      this.list = [...others, back].sort((a, b) => b.updatedAtMs - a.updatedAtMs);
      this.#announcer.say(t('announce.restored', { title: back.title }));
      return back;
    } catch (reason) {
      this.problem = asApiError(reason);
      return null;
    }
  }

  forgetDeleted() {
    this.deleted = [];
  }

  dismissProblem() {
    this.problem = null;
  }
}
