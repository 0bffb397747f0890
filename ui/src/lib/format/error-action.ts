import type { ErrorCode } from '../host/bindings';

/** The one thing a reader can do about an error. The word on the button is `errors.<action>`. */
export type ErrorAction =
  'tryAgain' | 'newChat' | 'chooseModel' | 'loadAnyway' | 'checkServer' | 'dismiss';

export function errorAction(code: ErrorCode): ErrorAction {
  switch (code) {
    case 'engineDied':
    case 'engineHung':
    case 'remoteFailed':
      return 'tryAgain';
    case 'promptTooLong':
      return 'newChat';
    case 'heldBack':
      return 'loadAnyway';
    case 'modelRefused':
    case 'loadFailed':
    case 'remoteRefused':
      return 'chooseModel';
    case 'remoteKey':
      return 'checkServer';
    default:
      return 'dismiss';
  }
}
