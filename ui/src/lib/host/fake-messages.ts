import type { FakeChats } from './fake-chats';
import { fakeError } from './fake-script';
import type { Host } from './host';

/** What is done to single messages, in memory. */
export type FakeMessagesHost = Pick<
  Host,
  | 'chatContinue'
  | 'forkConversation'
  | 'showBranch'
  | 'editAnswer'
  | 'deleteMessage'
  | 'restoreMessage'
  | 'attachmentText'
  | 'openLink'
>;

export function fakeMessages(_chats: FakeChats): FakeMessagesHost {
  const notYet = () => Promise.reject(fakeError('internal'));
  return {
    chatContinue: notYet,
    forkConversation: notYet,
    showBranch: notYet,
    editAnswer: notYet,
    deleteMessage: notYet,
    restoreMessage: notYet,
    attachmentText: notYet,
    openLink: notYet,
  };
}
