import { locale } from '../i18n';

/** Moments as people read them, in the reader's time zone. */

const day: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric' };

/** "28 Nov 2026". */
export function date(atMs: number): string {
  return new Intl.DateTimeFormat(locale(), day).format(atMs);
}

/** "28 Nov 2026, 05:06". */
export function dateAndTime(atMs: number): string {
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  return new Intl.DateTimeFormat(locale(), { ...day, ...time }).format(atMs);
}
