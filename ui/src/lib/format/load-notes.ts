import type { Concern, FromDisk, LoadStep } from '../host';
import { t } from '../i18n';
import { bytes, decimals, whole } from './numbers';
import { tokS } from './reasons';

/** What speaks against a load, in the shown language. */
export function sayConcern(concern: Concern): string {
  switch (concern.kind) {
    case 'notEnoughRam':
      return t('loading.concern.notEnoughRam', {
        needed: bytes(concern.neededBytes),
        free: bytes(concern.freeBytes),
      });
    case 'littleRamLeft':
      return t('loading.concern.littleRamLeft', {
        left: bytes(concern.leftBytes),
        wanted: bytes(concern.wantedBytes),
      });
    case 'notEnoughOnGpu':
      return t('loading.concern.notEnoughOnGpu', {
        gpu: concern.gpu,
        needed: bytes(concern.neededBytes),
        free: bytes(concern.freeBytes),
      });
    case 'littleLeftOnGpu':
      return t('loading.concern.littleLeftOnGpu', {
        gpu: concern.gpu,
        left: bytes(concern.leftBytes),
        wanted: bytes(concern.wantedBytes),
      });
    case 'beyondWorkingSet':
      return t('loading.concern.beyondWorkingSet', {
        needed: bytes(concern.neededBytes),
        workingSet: bytes(concern.workingSetBytes),
      });
    case 'readsFromDisk':
      return t('loading.concern.readsFromDisk', {
        least: bytes(concern.leastBytes),
        most: bytes(concern.mostBytes),
        speed: tokS(concern.speed),
      });
  }
}

/** What was made smaller, and what was short. */
export function sayStep({ change, shortOf, neededBytes, freeBytes }: LoadStep): string {
  const what =
    change.kind === 'notRearranged' || change.kind === 'smallerKvCache'
      ? t(`loading.step.${change.kind}`)
      : t(`loading.step.${change.kind}`, { from: whole(change.from), to: whole(change.to) });
  if (neededBytes === null || freeBytes === null) return what;
  const why = t(`loading.shortOf.${shortOf}`, {
    needed: bytes(neededBytes),
    free: bytes(freeBytes),
  });
  return `${what} (${why})`;
}

/** What a token costs, before it is written. */
export function sayPrice({ leastBytes, mostBytes, diskGbS, leastS, mostS }: FromDisk): string {
  return t('loading.fromDiskPrice', {
    least: bytes(leastBytes),
    most: bytes(mostBytes),
    speed: decimals(diskGbS, 1),
    leastS: seconds(leastS),
    mostS: seconds(mostS),
  });
}

/** What the answer under way has cost, or the last one; null: none yet. */
export function sayLive({ live }: FromDisk): string | null {
  if (live === null || live.readBytes === 0) return null;
  const read = bytes(live.readBytes);
  if (live.nTokens === 0) return t('loading.fromDiskReading', { read });
  return t('loading.fromDiskLive', { read, seconds: seconds(live.seconds / live.nTokens) });
}

/** How long a model is kept, in whole minutes where that is what it is. */
export function sayIdle(idleSeconds: number): string {
  if (idleSeconds < 2) return t('loading.moment');
  if (idleSeconds % 60 === 0) return t('loading.minutes', { value: whole(idleSeconds / 60) });
  return t('loading.seconds', { value: whole(idleSeconds) });
}

const seconds = (value: number) => (value < 10 ? decimals(value, 1) : whole(value));
