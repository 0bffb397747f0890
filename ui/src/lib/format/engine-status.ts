import type { EngineState } from '../host/bindings';
import { t } from '../i18n';
import { aboutSeconds, whole } from './numbers';

/** The engine's state in the words of the pill in the header. */
export function statusText(state: EngineState): string {
  switch (state.status) {
    case 'noModel':
      return t('engine.noModel');
    case 'resting':
      return t('engine.resting');
    case 'loading':
      if (state.phase === 'starting') return t('engine.loading');
      if (state.phase === 'warmingUp') return t('engine.warmingUp');
      return t('engine.loadingPercent', { percent: percent(state.fraction) });
    case 'ready':
      return t('engine.ready');
    case 'understanding':
      if (state.model.remote) return t('remotes.waits', { host: state.model.remote.host });
      return understandingText(state.processed, state.total);
    case 'writing':
      return t('engine.writing');
    case 'failed':
      return t('engine.failed');
  }
}

export function understandingText(processed: number, total: number): string {
  if (total <= 0) return t('engine.understanding');
  return t('engine.understandingOf', { processed: whole(processed), total: whole(total) });
}

export function percent(fraction: number): string {
  return whole(wholePercent(fraction));
}

/** From 0 to 100, never more than is there. */
export function wholePercent(fraction: number): number {
  return Math.floor(Math.min(1, Math.max(0, fraction || 0)) * 100);
}

/** How long loading will still take, once there is enough to judge by. */
export function loadRemaining(fraction: number, elapsedMs: number): string | null {
  if (!(fraction > 0.04) || fraction >= 1 || elapsedMs < 1000) return null;
  const seconds = ((elapsedMs / 1000) * (1 - fraction)) / fraction;
  return t('load.left', { time: aboutSeconds(seconds) });
}
