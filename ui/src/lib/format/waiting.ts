import { t } from '../i18n';
import { aboutSeconds, decimals, whole } from './numbers';

/** What is waited for before the first word. */

/** How far the prompt is. `leftMs` is null as long as there is nothing to judge by. */
export interface Progress {
  readonly processed: number;
  readonly total: number;
  readonly cached: number;
  readonly leftMs: number | null;
}

export function queueText({ position, behind }: { position: number; behind: string | null }) {
  const at = { position: whole(position), title: behind ?? '' };
  if (position <= 1)
    return behind === null ? t('conversation.queueNext') : t('conversation.queueNextBehind', at);
  return behind === null ? t('conversation.queue', at) : t('conversation.queueBehind', at);
}

/** Tokens that were reused are done before the counting begins, so they are taken out. */
export function progressText({ processed, total, cached, leftMs }: Progress): string {
  const counts = {
    processed: whole(Math.max(0, processed - cached)),
    total: whole(Math.max(0, total - cached)),
  };
  if (total <= 0) return t('engine.understanding');
  return leftMs === null
    ? t('conversation.understandingOf', counts)
    : t('conversation.understandingLeft', { ...counts, time: aboutSeconds(leftMs / 1000) });
}

/** How much of the prompt is understood, 0 to 1; null when nothing is left to do. */
export function progressShare({ processed, total, cached }: Progress): number | null {
  const work = total - cached;
  return work > 0 ? Math.min(1, Math.max(0, (processed - cached) / work)) : null;
}

/** "3.2 s", "2 min 5 s". */
export function thinkingTime(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) {
    const value = seconds < 10 ? decimals(seconds, 1) : whole(seconds);
    return t('conversation.seconds', { value });
  }
  const rounded = Math.round(seconds);
  return t('conversation.minutes', {
    minutes: whole(Math.floor(rounded / 60)),
    seconds: whole(rounded % 60),
  });
}
