import type { ApiError, Delay, Notice, RemoteProblem, What } from '../host/bindings';
import { isolate, language, t } from '../i18n';
import type { trouble } from '../i18n/en-errors';
import { bytes } from './numbers';
import { sayGone } from './reasons';

/** Errors in the shown language. A kind of error without words does not compile. */

type Kind = What['kind'];
type Words = typeof trouble;
type Next = keyof Words['whatNow'];
type Stem<Key> = Key extends `${infer Counted}_${'one' | 'other'}` ? Counted : Key & string;

/** One of many keys, of which each has values of its own: that is more than the type of `t` can say. */
const say = t as unknown as <Topic extends 'what' | 'delays' | 'notices'>(
  key: `${Topic}.${Stem<keyof Words[Topic]>}`,
  values: object,
) => string;

/** What to do about it, where the sentence does not say so itself. */
const next: Record<Kind, Next | null> = {
  engineKilled: 'againSmaller',
  engineGpuFull: 'againSmaller',
  engineGpuError: 'again',
  engineAborted: 'again',
  engineCrashed: 'again',
  engineTooNew: 'newerProcessor',
  engineExited: 'again',
  engineHung: 'again',
  engineBabbled: 'again',
  engineNotStarted: null,
  unknownArchitecture: 'otherFile',
  fileIncomplete: 'otherFile',
  noMemoryForModel: 'less',
  notAWholeModel: 'otherFile',
  noDecoder: 'otherFile',
  cannotLoad: 'otherModel',
  noMemoryForContext: 'less',
  loadHeldBack: 'anyway',
  loadStopped: null,
  noModel: 'chooseModel',
  promptTooLong: 'longerOrNew',
  conversationTooLong: 'longerNewOrFewer',
  messageTooLong: 'longerOrLess',
  answerUnderway: 'waitOrStop',
  modelAtWork: 'measureLater',
  closing: null,
  portTaken: 'otherPort',
  serverNotStarted: 'otherSettings',
  modelLoaded: 'unloadFirst',
  modelInCheck: 'deleteLater',
  conversationGone: null,
  messageGone: null,
  downloadGone: null,
  storageFull: null,
  storageReadOnly: null,
  storageBusy: null,
  fileMissing: null,
  fileForbidden: null,
  fileEmpty: null,
  partMissing: null,
  notGguf: null,
  fileDamaged: 'repair',
  licenceNotAccepted: 'acceptOnce',
  remoteAddress: 'remoteCorrect',
  remoteKeyUnsendable: 'remoteCopyKey',
  remoteNoTls: 'remoteCertificates',
  remoteUnreachable: 'remoteStart',
  remoteSilent: 'remoteHangs',
  remoteKeyRefused: 'remoteCheckKey',
  remoteKeyLost: 'remoteKeyAgain',
  remoteNoModel: 'remoteOtherModel',
  remoteNoApi: 'remoteCheckAddress',
  remoteBusy: null,
  remoteRefused: 'remoteChange',
  remoteCut: 'remoteKept',
  remoteModelGone: 'remoteAddAgain',
  remoteServerGone: 'remoteAddAgain',
  remoteCannotContinue: 'remoteAskAnew',
  remoteFiltered: 'remoteRules',
  gated: null,
  tokenRefused: null,
  unreachable: null,
  proxyLogin: null,
  certificate: null,
  silent: null,
  tooSlow: null,
  cut: null,
  noRepo: null,
  noQuant: null,
  noModels: null,
  tooManyRequests: null,
  serverFault: null,
  webPage: null,
  noChecksum: null,
  diskFull: null,
  fileTooLarge: null,
  folderReadOnly: null,
  occupied: null,
  wrongHash: null,
};

/** For the tests: the kinds of errors that there are words for. */
export const kindsWithWords = Object.keys(next) as readonly Kind[];

/** What happened, in the shown language. */
export function sayWhat(what: What): string {
  switch (what.kind) {
    case 'engineHung':
    case 'silent':
    case 'tooSlow':
      return say(`what.${what.kind}`, { ...what, count: what.seconds });
    case 'fileDamaged':
      return sayDamage(what.file, what.damagedBytes);
    case 'gated':
      return t(what.hadToken ? 'what.gatedToken' : 'what.gated', what);
    case 'portTaken':
      return what.by === null
        ? t('what.portTakenBySome', { port: String(what.port) })
        : t('what.portTaken', { port: String(what.port), by: isolate(what.by) });
    case 'noRepo':
      return t(what.hadToken ? 'what.noRepoToken' : 'what.noRepo', what);
    case 'noQuant': {
      const nearest = what.nearest.join(', ');
      return t(nearest === '' ? 'what.noQuant' : 'what.noQuantBut', { ...what, nearest });
    }
    case 'tooManyRequests':
      return t('what.tooManyRequests', { host: what.host, again: again(what.afterSeconds) });
    case 'remoteAddress':
      return t('what.remoteAddress', {
        given: what.given,
        fault: t(`addressFaults.${what.fault}`),
      });
    case 'remoteSilent':
      return t('what.remoteSilent', { host: what.host, count: what.seconds });
    case 'remoteBusy':
      return t('what.remoteBusy', { host: what.host, again: again(what.afterSeconds) });
    case 'diskFull': {
      const { folder, neededBytes, freeBytes } = what;
      return t('what.diskFull', {
        folder,
        needed: bytes(neededBytes),
        free: bytes(freeBytes),
        less: bytes(neededBytes - freeBytes),
      });
    }
    case 'fileTooLarge':
      return t('what.fileTooLarge', { folder: what.folder, size: bytes(what.sizeBytes) });
    default:
      return say(`what.${what.kind}`, what);
  }
}

/** Why a model here cannot be loaded, which is only said in English. */
export function unusable(message: string): ApiError {
  return { code: 'modelRefused', message, hint: null, details: null };
}

/** Why a folder could not be looked through, which is only said in English. */
export function unread(message: string): ApiError {
  return { code: 'storage', message, hint: null, details: null };
}

/** What is wrong with a file that is not what was published. */
export function sayDamage(file: string, damagedBytes: number | null): string {
  if (damagedBytes === null) return t('what.fileOther', { file });
  if (damagedBytes === 0) return t('what.fileTooLong', { file });
  return t('what.fileDamaged', { file, value: bytes(Math.max(100_000, damagedBytes)) });
}

function again(seconds: number | null): string {
  if (seconds === null) return t('what.againLater');
  if (seconds <= 120) return t('what.againSeconds', { count: Math.max(1, seconds) });
  return t('what.againMinutes', { count: Math.ceil(seconds / 60) });
}

/** An error as it is shown. */
export interface Told {
  /** Above a message that there is only in English; null where it is in the shown language. */
  headline: string | null;
  message: string;
  hint: string | null;
}

export function tell(error: ApiError): Told {
  const { what } = error;
  if (what && Object.hasOwn(next, what.kind)) {
    const now = next[what.kind];
    return { headline: null, message: sayWhat(what), hint: now && t(`whatNow.${now}`) };
  }
  if (error.message === '') return { headline: null, message: t('errors.internal'), hint: null };
  const headline = language.current === 'en' ? null : t(`errors.says.${error.code}`);
  return { headline, message: error.message, hint: error.hint };
}

/** The same as one text, for where there is only one. */
export function errorWords(error: ApiError): string {
  const { headline, message } = tell(error);
  return headline === null ? message : `${headline} ${isolate(message)}`;
}

/** Why a download waits. */
export function sayDelay(delay: Delay): string {
  if (delay.kind === 'silent')
    return t('delays.silent', { host: delay.host, count: delay.seconds });
  return say(`delays.${delay.kind}`, delay);
}

/** What happened to a download on its way. */
export function sayNotice(notice: Notice): string {
  return say(`notices.${notice.kind}`, notice);
}

/** Why a model in a repository cannot be used. */
export function sayRemoteProblem(problem: RemoteProblem): string {
  if (problem.kind === 'incomplete') return t('remoteProblems.incomplete', problem);
  const { quant, why, instead } = problem;
  return why === null
    ? t('remoteProblems.dead', { quant, instead })
    : t('remoteProblems.deadWhy', { quant, instead, why: sayGone(why) });
}
