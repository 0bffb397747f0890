import type { Cause, Thing } from '../host/bindings';
import { t } from '../i18n';

/** What could not be found out about a computer, in the shown language. */

export function sayThing(thing: Thing): string {
  switch (thing.kind) {
    case 'card':
      return thing.name;
    case 'nvidiaCardOf':
      return t('things.nvidiaCardOf', { number: thing.number, total: thing.count });
    case 'ofCard':
      return t('things.ofCard', { name: thing.name, details: named(thing.details) });
    case 'ofDriver':
    case 'ofNvidiaCard':
      return t(`things.${thing.kind}`, { details: named(thing.details) });
    case 'ofNvidiaCardNumber':
      return t('things.ofNvidiaCardNumber', {
        number: thing.number,
        details: named(thing.details),
      });
    default:
      return t(`things.${thing.kind}`);
  }
}

function named(details: Extract<Thing, { kind: 'ofDriver' }>['details']): string {
  return details.map((detail) => t(`things.detail.${detail}`)).join(t('things.and'));
}

/** Why it could not be found out, and what to do about it. */
export function sayCause(cause: Cause): string {
  switch (cause.kind) {
    case 'notTold':
    case 'notListed':
    case 'lookingFailed':
    case 'engineCouldNotLook':
      return t(`causes.${cause.kind}`, { reason: cause.reason });
    case 'driverSilent':
      return t('causes.driverSilent', { count: cause.seconds });
    case 'driverDoesNotAnswer':
    case 'cardOutOfReach':
      return t(`causes.${cause.kind}`, { fault: sayFault(cause.fault) });
    case 'driver':
      return sayFault(cause.fault);
    case 'unseenCard':
      return cause.computeCapability === null
        ? t('causes.unseenCard')
        : t('causes.unseenCardOf', { version: cause.computeCapability });
    default:
      return t(`causes.${cause.kind}`);
  }
}

function sayFault(fault: Extract<Cause, { kind: 'driver' }>['fault']): string {
  return fault.kind === 'other'
    ? t('causes.fault.other', { words: fault.words })
    : t(`causes.fault.${fault.kind}`);
}
