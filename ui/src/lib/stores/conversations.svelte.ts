import {
  asApiError,
  type ApiError,
  type ConversationSummary,
  type EraseReport,
  type Host,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';

/**
 * Owns the list in the sidebar: titles, what is pinned, archived and in which folder, and what was
 * deleted and can come back. Does not own what is inside a conversation, nor which one is open
 * (chat store), nor the folders themselves (folders store).
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

  find(id: string): ConversationSummary | null {
    return this.list.find((c) => c.id === id) ?? null;
  }

  /** A send has made or touched this one; the list is told before the host's own word arrives. */
  touch(summary: ConversationSummary) {
    this.list = [summary, ...this.list.filter((c) => c.id !== summary.id)];
  }

  async rename(id: string, typed: string) {
    const title = typed.trim();
    if (title === '' || title === this.find(id)?.title) return;
    await this.#change(id, { title, titleIsAuto: false }, () =>
      this.#host.renameConversation(id, title),
    );
  }

  async pin(id: string, pinned: boolean) {
    const title = this.#titleOf(id);
    if (await this.#change(id, { pinned }, () => this.#host.pinConversation(id, pinned)))
      this.#announcer.say(t(pinned ? 'side.saidPinned' : 'side.saidUnpinned', { title }));
  }

  async archive(id: string, archived: boolean) {
    const title = this.#titleOf(id);
    if (await this.#change(id, { archived }, () => this.#host.archiveConversation(id, archived)))
      this.#announcer.say(t(archived ? 'side.saidArchived' : 'side.saidUnarchived', { title }));
  }

  async move(id: string, folder: { id: string; name: string } | null) {
    const folderId = folder?.id ?? null;
    if (this.find(id)?.folderId === folderId) return;
    const title = this.#titleOf(id);
    if (await this.#change(id, { folderId }, () => this.#host.moveConversation(id, folderId)))
      this.#announcer.say(
        folder
          ? t('side.saidMoved', { title, folder: folder.name })
          : t('side.saidMovedOut', { title }),
      );
  }

  async remove(id: string): Promise<boolean> {
    const gone = this.find(id);
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

  /** Leaves no word of them in any file, and no way back; without ids, of all that was deleted. */
  async erase(ids: string[]): Promise<EraseReport | null> {
    try {
      const report = await this.#host.eraseConversations(ids);
      this.deleted = ids.length === 0 ? [] : this.deleted.filter((c) => !ids.includes(c.id));
      this.list = this.list.filter((c) => !ids.includes(c.id));
      this.#announcer.say(t('side.saidErased', { count: report.conversations }));
      return report;
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

  #titleOf(id: string): string {
    return this.find(id)?.title || t('sidebar.untitled');
  }

  /** Shown at once, and taken back if the host refuses. */
  async #change(
    id: string,
    fields: Partial<ConversationSummary>,
    ask: () => Promise<void>,
  ): Promise<boolean> {
    const old = this.find(id);
    if (!old) return false;
    this.#put({ ...old, ...fields });
    try {
      await ask();
      return true;
    } catch (reason) {
      const now = this.find(id);
      const before = Object.keys(fields).map((key) => [key, old[key as keyof ConversationSummary]]);
      if (now) this.#put({ ...now, ...Object.fromEntries(before) });
      this.problem = asApiError(reason);
      return false;
    }
  }

  #put(changed: ConversationSummary) {
    this.list = this.list.map((c) => (c.id === changed.id ? changed : c));
  }
}
