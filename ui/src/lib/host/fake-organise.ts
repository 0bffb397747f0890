import type { FakeChats } from './fake-chats';
import { fakeError } from './fake-script';
import type { Host } from './host';

/** Folders, search, backups, export and import, in memory. */
export type FakeOrganiseHost = Pick<
  Host,
  | 'folders'
  | 'createFolder'
  | 'renameFolder'
  | 'deleteFolder'
  | 'pinConversation'
  | 'archiveConversation'
  | 'moveConversation'
  | 'search'
  | 'eraseConversations'
  | 'backups'
  | 'backUpNow'
  | 'restoreBackup'
  | 'startReport'
  | 'conversationAs'
  | 'exportConversation'
  | 'exportAll'
  | 'importConversations'
  | 'places'
  | 'openPlace'
>;

export function fakeOrganise(_chats: FakeChats): FakeOrganiseHost {
  const notYet = () => Promise.reject(fakeError('internal'));
  return {
    folders: notYet,
    createFolder: notYet,
    renameFolder: notYet,
    deleteFolder: notYet,
    pinConversation: notYet,
    archiveConversation: notYet,
    moveConversation: notYet,
    search: notYet,
    eraseConversations: notYet,
    backups: notYet,
    backUpNow: notYet,
    restoreBackup: notYet,
    startReport: notYet,
    conversationAs: notYet,
    exportConversation: notYet,
    exportAll: notYet,
    importConversations: notYet,
    places: notYet,
    openPlace: notYet,
  };
}
