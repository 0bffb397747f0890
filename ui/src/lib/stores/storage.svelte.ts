import { asApiError, type ApiError, type ChatEvent, type Host } from '../host';

/** What writes to the database, so that its success shows that writing works again. */
const writes = new Set<keyof Host>([
  'renameConversation',
  'deleteConversation',
  'restoreConversation',
  'chatSend',
  'chatRetry',
  'chatContinue',
  'createFolder',
  'renameFolder',
  'deleteFolder',
  'pinConversation',
  'archiveConversation',
  'moveConversation',
  'forkConversation',
  'showBranch',
  'editAnswer',
  'deleteMessage',
  'restoreMessage',
  'saveDraft',
  'eraseConversations',
  'restoreBackup',
  'setChatSetup',
  'savePreset',
  'deletePreset',
  'saveTemplate',
  'deleteTemplate',
  'setChatSettings',
  'importConversations',
]);

/**
 * Owns the one thing that must stay in sight: the disk took something back. Stays until a write
 * works or it is put away. Does not own what could not be written; that stays where it is shown.
 */
export class StorageStore {
  problem = $state.raw<ApiError | null>(null);

  dismiss() {
    this.problem = null;
  }

  /** The same host, whose failures and successes to write are noticed. */
  watch(host: Host): Host {
    return new Proxy(host, {
      get: (target, name) => {
        const own: unknown = target[name as keyof Host];
        if (typeof own !== 'function') return own;
        const act = own.bind(target) as (...given: unknown[]) => Promise<unknown>;
        return (...given: unknown[]) => this.#watched(name as keyof Host, act, given);
      },
    });
  }

  async #watched(
    name: keyof Host,
    act: (...given: unknown[]) => Promise<unknown>,
    given: unknown[],
  ) {
    let broken = false;
    const noticing = given.map((value) =>
      typeof value === 'function' && name.startsWith('chat')
        ? (event: ChatEvent) => {
            broken ||= this.#failedIn(event);
            (value as (event: ChatEvent) => void)(event);
          }
        : value,
    );
    try {
      const result = await act(...noticing);
      if (writes.has(name) && !broken) this.problem = null;
      return result;
    } catch (reason) {
      const error = asApiError(reason);
      if (error.code === 'storage') this.problem = error;
      throw reason;
    }
  }

  /** An answer that could not be stored ends with the error in its message. */
  #failedIn(event: ChatEvent): boolean {
    if (event.type !== 'done' || event.message.error?.code !== 'storage') return false;
    this.problem = event.message.error;
    return true;
  }
}
