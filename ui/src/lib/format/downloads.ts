import type { DownloadState, DownloadView, LibraryView, PlaceView } from '../host/bindings';
import type { LibraryModelView } from '../host/bindings';
import { t } from '../i18n';
import { bytes, decimalsOrWhole, whole, withoutUnit } from './numbers';

/** Downloads and models on the disk in words. Everything here is pure. */

/** Goes on by itself, sooner or later. */
export function isUnderway(state: DownloadState): boolean {
  return !['paused', 'failed', 'ready'].includes(state.kind);
}

/** Never 100 before it is: the last percent is not there until the last byte is. */
export function percentOf(done: number, total: number): number {
  if (!(total > 0)) return 0;
  return done >= total ? 100 : Math.min(99, Math.floor((done / total) * 100));
}

export function doneOf(done: number, total: number): string {
  if (total <= 0) return t('downloads.sizeUnknown');
  const [from, to] = [bytes(done), bytes(total)];
  return t('downloads.doneOf', { done: withoutUnit(from, to), total: to });
}

/** Two digits at most: nobody knows the next hour's line to the second. */
export function timeLeft(seconds: number): string {
  if (seconds < 10) return t('downloads.leftMoment');
  if (seconds < 55) return t('downloads.leftSeconds', { count: Math.round(seconds / 10) * 10 });
  if (seconds < 90 * 60) return t('downloads.leftMinutes', { count: Math.round(seconds / 60) });
  const hours = seconds / 3600;
  if (hours < 10) {
    const half = Math.round(hours * 2) / 2;
    return t('downloads.leftHours', {
      count: half,
      value: decimalsOrWhole(half, 1),
    });
  }
  if (hours < 48) {
    const count = Math.round(hours);
    return t('downloads.leftHours', { count, value: whole(count) });
  }
  return t('downloads.leftDays', { count: Math.round(hours / 24) });
}

/** How long until it is tried again; nothing where no moment is set or it has come. */
export function countdown(untilMs: number | null, nowMs: number): string | null {
  if (untilMs === null) return null;
  const seconds = Math.ceil((untilMs - nowMs) / 1000);
  if (seconds <= 0) return t('downloads.againNow');
  if (seconds < 120) return t('downloads.againSeconds', { count: seconds });
  return t('downloads.againMinutes', { count: Math.ceil(seconds / 60) });
}

/** What a download does, in a word or two. */
export function stateWord({ state, doneBytes, totalBytes }: DownloadView): string {
  const word = t(`downloads.word.${state.kind}`);
  if (state.kind !== 'downloading' && state.kind !== 'verifying') return word;
  const done = state.kind === 'verifying' ? state.checkedBytes : doneBytes;
  return t('downloads.wordPercent', { word, percent: percentOf(done, totalBytes) });
}

/** The whole line of figures, as a screen reader says it. */
export function spoken({ state, doneBytes, totalBytes, etaS }: DownloadView): string {
  return [
    t('downloads.spokenPercent', { percent: percentOf(doneBytes, totalBytes) }),
    t(`downloads.word.${state.kind}`),
    ...(state.kind === 'downloading' && etaS !== null ? [timeLeft(etaS)] : []),
  ].join(', ');
}

/** All that is on its way as one: how far, and whether anything comes. */
export function together(list: readonly DownloadView[]): { percent: number; waiting: boolean } {
  const sum = (of: (d: DownloadView) => number) => list.reduce((all, d) => all + of(d), 0);
  return {
    percent: percentOf(
      sum((d) => d.doneBytes),
      sum((d) => d.totalBytes),
    ),
    waiting: !list.some((d) => ['downloading', 'verifying', 'preparing'].includes(d.state.kind)),
  };
}

/** `owner/name`, or the address of a repository's page. */
export function repositoryIn(words: string): string | null {
  const found =
    /^(?:(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/)?([\w.-]+\/[\w.-]+)(?:[/?#].*)?$/.exec(
      words,
    );
  const repo = found?.[1] ?? null;
  return repo === null || repo.includes('..') ? null : repo;
}

export interface PlaceGroup {
  place: PlaceView;
  models: LibraryModelView[];
}

/** Each model under the place that is nearest to it. */
export function groupByPlace({ models, places }: LibraryView): PlaceGroup[] {
  const groups = places.map((place): PlaceGroup => ({ place, models: [] }));
  for (const model of models) {
    const fitting = groups.filter(({ place }) => isInside(model.path, place.path));
    const nearest = fitting.sort((a, b) => b.place.path.length - a.place.path.length)[0];
    const own = groups.find(({ place }) => place.source === model.source);
    (nearest ?? own)?.models.push(model);
  }
  return groups;
}

function isInside(path: string, folder: string): boolean {
  const end = /[\\/]$/.test(folder) ? '' : path.charAt(folder.length);
  return path.startsWith(folder) && (end === '' || end === '/' || end === '\\');
}

/** "3 months ago", as far as anybody wants to know it. */
export function ago(atMs: number, nowMs: number): string {
  const days = Math.max(0, Math.floor((nowMs - atMs) / 86_400_000));
  if (days === 0) return t('find.today');
  if (days < 45) return t('find.daysAgo', { count: days });
  if (days < 700) return t('find.monthsAgo', { count: Math.round(days / 30.4) });
  return t('find.yearsAgo', { count: Math.round(days / 365) });
}
