import type { FakeChats } from './fake-chats';
import { fakeError } from './fake-script';
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

export function fakeComposer(_chats: FakeChats): FakeComposerHost {
  const notYet = () => Promise.reject(fakeError('internal'));
  return {
    draft: notYet,
    saveDraft: notYet,
    setChatSetup: notYet,
    presets: notYet,
    savePreset: notYet,
    deletePreset: notYet,
    templates: notYet,
    saveTemplate: notYet,
    deleteTemplate: notYet,
    chatSettings: notYet,
    setChatSettings: notYet,
    extractText: notYet,
    countTokens: notYet,
    contextUse: notYet,
  };
}
