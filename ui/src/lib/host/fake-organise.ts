import type { Backup, Conversation, ConversationSummary, Folder, Place } from './bindings';
import type { FakeChats, Stored } from './fake-chats';
import { fakeExport } from './fake-export';
import { plainConversation, plainMessage, plainSummary } from './fake-samples';
import { fakeError } from './fake-script';
import { fakeSearch } from './fake-search';
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
  | 'setZoom'
>;

/** Kept at most, as in the real one. */
const backupsKept = 7;

const places: Place[] = [
  { kind: 'data', path: '/home/you/.local/share/paddock', exists: true },
  { kind: 'database', path: '/home/you/.local/share/paddock/paddock.db', exists: true },
  { kind: 'backups', path: '/home/you/.local/share/paddock/backups', exists: true },
  { kind: 'models', path: '/home/you/.local/share/paddock/models', exists: false },
];

export function fakeOrganise(chats: FakeChats): FakeOrganiseHost {
  return { ...folders(chats), ...backups(chats), ...files(chats) };
}

type FolderPart = Pick<
  Host,
  | 'folders'
  | 'createFolder'
  | 'renameFolder'
  | 'deleteFolder'
  | 'pinConversation'
  | 'archiveConversation'
  | 'moveConversation'
>;

function folders(chats: FakeChats): FolderPart {
  const all = new Map<string, Folder>();
  const named = (name: string) => {
    if (name.trim() === '') throw fakeError('badInput');
    return name.trim();
  };
  const change = (id: string, fields: Partial<ConversationSummary>) => {
    Object.assign(chats.find(id), fields);
    chats.listChanged();
  };
  return {
    folders: async () => [...all.values()].sort((a, b) => a.name.localeCompare(b.name)),
    createFolder: async (name) => {
      const folder = { id: chats.newId('f'), name: named(name) };
      all.set(folder.id, folder);
      return folder;
    },
    renameFolder: async (id, name) => {
      if (!all.has(id)) throw fakeError('notFound');
      all.set(id, { id, name: named(name) });
    },
    deleteFolder: async (id) => {
      if (!all.delete(id)) throw fakeError('notFound');
      for (const c of chats.conversations.values()) if (c.folderId === id) c.folderId = null;
      chats.listChanged();
    },
    pinConversation: async (id, pinned) => change(id, { pinned }),
    archiveConversation: async (id, archived) => change(id, { archived }),
    moveConversation: async (id, folderId) => {
      if (folderId !== null && !all.has(folderId)) throw fakeError('notFound');
      change(id, { folderId });
    },
  };
}

type BackupPart = Pick<
  Host,
  'eraseConversations' | 'backups' | 'backUpNow' | 'restoreBackup' | 'startReport'
>;

function backups(chats: FakeChats): BackupPart {
  let kept: { view: Backup; conversations: Map<string, Stored> }[] = [];
  const backUpNow = async () => {
    const conversations = structuredClone(chats.conversations);
    const madeAtMs = chats.now();
    const view = {
      name: `${chats.newId('paddock-')}.db`,
      madeAtMs,
      sizeBytes: 40_960 + 8_192 * conversations.size,
      conversations: conversations.size,
    };
    kept = [{ view, conversations }, ...kept].slice(0, backupsKept);
    return view;
  };
  return {
    backUpNow,
    backups: async () => kept.map((backup) => backup.view),
    restoreBackup: async (name) => {
      const wanted = kept.find((backup) => backup.view.name === name);
      if (!wanted) throw fakeError('notFound');
      await backUpNow();
      chats.conversations.clear();
      for (const [id, c] of structuredClone(wanted.conversations)) chats.conversations.set(id, c);
      chats.listChanged();
    },
    eraseConversations: async (ids) => {
      const gone = ids.length > 0 ? ids : [...chats.deleted.keys()];
      const held = kept.filter((b) => gone.some((id) => b.conversations.has(id)));
      let conversations = 0;
      for (const id of gone) {
        const was = [chats.deleted.delete(id), chats.conversations.delete(id)];
        if (was.includes(true)) conversations += 1;
      }
      kept = kept.filter((backup) => !held.includes(backup));
      if (held.length > 0) await backUpNow();
      chats.listChanged();
      return { conversations, backups: held.length };
    },
    startReport: async () => ({ recoveredAnswers: 0, setAside: null, restoredFrom: null }),
  };
}

type FilePart = Pick<
  Host,
  | 'search'
  | 'conversationAs'
  | 'exportConversation'
  | 'exportAll'
  | 'importConversations'
  | 'places'
  | 'openPlace'
  | 'setZoom'
>;

function files(chats: FakeChats): FilePart {
  return {
    search: async (request) => fakeSearch([...chats.conversations.values()], request),
    conversationAs: async (id, format) => fakeExport(chats.find(id), format),
    exportConversation: async (id, format) => {
      const ending = { markdown: 'md', json: 'json', html: 'html' }[format];
      return `/home/you/${chats.find(id).title || 'conversation'}.${ending}`;
    },
    exportAll: async () => '/home/you/paddock-conversations.json',
    importConversations: async () => {
      const imported = importedConversation(chats);
      chats.conversations.set(imported.id, imported);
      chats.listChanged();
      return { conversations: 1, messages: imported.messages.length, alreadyHere: 0, problems: [] };
    },
    places: async () => structuredClone(places),
    openPlace: async () => undefined,
    setZoom: async (factor) => {
      document.documentElement.style.zoom = factor === 1 ? '' : String(factor);
    },
  };
}

function importedConversation(chats: FakeChats): Stored {
  const id = chats.newId('c');
  const at = chats.now();
  const message = { ...plainMessage, conversationId: id, createdAtMs: at, error: null };
  const conversation: Conversation = {
    id,
    title: 'From another program',
    headId: `${id}-u`,
    ...structuredClone(plainConversation),
    messages: [
      {
        ...message,
        id: `${id}-u`,
        parentId: null,
        role: 'user',
        content: 'This was written elsewhere.',
        finishReason: null,
        timings: null,
        modelName: null,
      },
    ],
  };
  return { ...conversation, ...plainSummary, createdAtMs: at, updatedAtMs: at };
}
