import type {
  AttachmentKind,
  ChatSettings,
  ContextUse,
  Message,
  NewAttachment,
  Preset,
  PromptTemplate,
} from './bindings';
import type { FakeChats, Stored } from './fake-chats';
import { fakeError } from './fake-script';
import { usualSampling } from './fake-samples';
import type { Host } from './host';

/** Drafts, presets, templates, attachments and token counts, in memory. */
export type FakeComposerHost = Pick<
  Host,
  | 'draft'
  | 'saveDraft'
  | 'setChatSetup'
  | 'presets'
  | 'savePreset'
  | 'deletePreset'
  | 'templates'
  | 'saveTemplate'
  | 'deleteTemplate'
  | 'chatSettings'
  | 'setChatSettings'
  | 'extractText'
  | 'countTokens'
  | 'contextUse'
>;

export function fakeComposer(chats: FakeChats): FakeComposerHost {
  return { ...drafts(chats), ...setups(chats), ...templates(chats), ...counts(chats) };
}

function drafts(chats: FakeChats) {
  let blank = '';
  return {
    async draft(conversationId: string | null) {
      return conversationId === null ? blank : chats.find(conversationId).draft;
    },
    async saveDraft(conversationId: string | null, text: string) {
      if (conversationId === null) blank = text;
      else chats.find(conversationId).draft = text;
    },
  };
}

function setups(chats: FakeChats) {
  const kept = named<Preset>(
    [
      {
        id: 'careful',
        name: 'Careful editor',
        system: 'You correct spelling and grammar and change nothing else.',
        sampling: { ...usualSampling(), temperature: 0.2 },
        format: { kind: 'text' },
      },
      {
        id: 'socratic',
        name: 'Socratic teacher',
        system: 'You teach by asking. You never give the answer before the third question.',
        sampling: usualSampling(),
        format: { kind: 'text' },
      },
    ],
    () => chats.newId('p'),
  );
  let settings: Required<ChatSettings> = {
    contextPolicy: 'stopAtLimit',
    replyReserve: 512,
    proposeTitles: true,
    dailyBackups: true,
    defaultPresetId: null,
  };
  chats.setupOfNew = () => {
    const preset = kept.list().find((p) => p.id === settings.defaultPresetId);
    return {
      presetId: preset?.id ?? null,
      system: preset?.system ?? '',
      sampling: preset?.sampling ?? usualSampling(),
      contextPolicy: null,
      format: preset?.format ?? { kind: 'text' },
    };
  };
  chats.replyReserve = () => settings.replyReserve;
  const host: Pick<
    Host,
    'setChatSetup' | 'presets' | 'savePreset' | 'deletePreset' | 'chatSettings' | 'setChatSettings'
  > = {
    async setChatSetup(conversationId, setup) {
      chats.find(conversationId).setup = structuredClone(setup);
    },
    presets: async () => kept.list(),
    savePreset: async (preset) => kept.save(preset),
    deletePreset: async (id) => kept.remove(id),
    chatSettings: async () => settings,
    async setChatSettings(change) {
      settings = { ...settings, ...change };
      return settings;
    },
  };
  return host;
}

function templates(chats: FakeChats) {
  const kept = named<PromptTemplate>(
    [
      { id: 'explain', name: 'Explain simply', text: 'Explain to a curious child: {cursor}' },
      { id: 'grammar', name: 'Fix my grammar', text: 'Correct the grammar of this text:\n\n' },
      { id: 'summarise', name: 'Summarise', text: 'Summarise this in five sentences:\n\n{cursor}' },
    ],
    () => chats.newId('t'),
  );
  return {
    templates: async () => kept.list(),
    saveTemplate: async (template: PromptTemplate) => kept.save(template),
    deleteTemplate: async (id: string) => kept.remove(id),
  };
}

/** Things that are kept by name. */
function named<Thing extends { id: string; name: string }>(sample: Thing[], newId: () => string) {
  const things = new Map(sample.map((thing) => [thing.id, thing]));
  return {
    list: () => structuredClone([...things.values()]).sort((a, b) => a.name.localeCompare(b.name)),
    save(thing: Thing): Thing {
      if (thing.name.trim() === '') throw refusal('It needs a name.', 'Give it one.');
      if (thing.id !== '' && !things.has(thing.id)) throw fakeError('notFound');
      const stored = { ...structuredClone(thing), id: thing.id === '' ? newId() : thing.id };
      things.set(stored.id, stored);
      return stored;
    },
    remove(id: string) {
      if (!things.delete(id)) throw fakeError('notFound');
    },
  };
}

function counts(chats: FakeChats) {
  const model = () => ('model' in chats.state ? chats.state.model : null);
  const isHere = () => model() !== null && !model()?.remote;
  const host: Pick<Host, 'extractText' | 'countTokens' | 'contextUse'> = {
    async extractText(name, base64) {
      const file = extracted(name, base64);
      return { ...file, nTokens: model() ? tokens(file.text) : null };
    },
    async countTokens(texts) {
      return { counts: texts.map(tokens), exact: isHere() };
    },
    async contextUse(conversationId, headId): Promise<ContextUse> {
      const conversation = conversationId === null ? null : chats.find(conversationId);
      const shown = conversation ? branchTo(conversation, headId) : [];
      const loaded = model();
      const nCtx = loaded?.remote ? loaded.remote.nCtx : (loaded?.nCtx ?? null);
      const files = shown.flatMap((message) => message.attachments);
      return {
        nCtx,
        system: tokens((conversation?.setup ?? chats.setupOfNew()).system ?? ''),
        history: shown.reduce((sum, message) => sum + tokens(message.content), 0),
        attachments: files.reduce((sum, file) => sum + (file.nTokens ?? 0), 0),
        // A small context is not all kept for the answer.
        reserve: Math.min(chats.replyReserve(), (nCtx ?? 8192) / 4),
        exact: isHere(),
      };
    },
  };
  return host;
}

function branchTo(conversation: Stored, headId: string | null): Message[] {
  const path: Message[] = [];
  let at = conversation.messages.find((m) => m.id === headId);
  while (at) {
    path.unshift(at);
    const { parentId } = at;
    at = conversation.messages.find((m) => m.id === parentId);
  }
  return path;
}

/** Four characters are a token, as in English. */
function tokens(text: string): number {
  return Math.ceil(text.length / 4);
}

function extracted(name: string, base64: string): Omit<NewAttachment, 'nTokens'> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const kind = kindOf(name);
  const packed = kind === 'pdf' || kind === 'docx';
  if (!packed && bytes.includes(0)) {
    throw refusal(`“${name}” is not a text.`, 'Attach text, code, a PDF or a Word document.');
  }
  const text = packed
    ? `The text of ${name}. `.repeat(Math.max(1, Math.round(bytes.length / 60)))
    : new TextDecoder().decode(bytes);
  return { name, kind, sizeBytes: bytes.length, text };
}

function kindOf(name: string): AttachmentKind {
  const ending = name.split('.').at(-1)?.toLowerCase() ?? '';
  if (ending === 'pdf' || ending === 'docx') return ending;
  return ['c', 'cpp', 'css', 'go', 'html', 'js', 'json', 'py', 'rs', 'sh', 'ts'].includes(ending)
    ? 'code'
    : 'text';
}

function refusal(message: string, hint: string) {
  return { ...fakeError('badInput'), message, hint, details: null };
}
