import type { FinishReason, Timings } from '../host/bindings';
import { t } from '../i18n';
import { decimals } from './numbers';

/** What is written under an answer. Pure, so that every number in it can be tested. */

/** Tokens per second, or null when a phase was too short to have a speed. */
export function speed(tokens: number, ms: number): number | null {
  const perSecond = tokens / (ms / 1000);
  return tokens > 0 && ms > 0 && Number.isFinite(perSecond) ? perSecond : null;
}

export function metricsLine(timings: Timings): string {
  return t('metrics.line', {
    speed: speedText(timings.predictedN, timings.predictedMs),
    tokens: tokensText(timings.predictedN),
    total: secondsText(positive(timings.promptMs) + positive(timings.predictedMs)),
  });
}

export function metricsDetail(timings: Timings): string {
  return t('metrics.detail', {
    prompt: phase(timings.promptN, timings.promptMs),
    gen: phase(timings.predictedN, timings.predictedMs),
  });
}

function phase(tokens: number, ms: number): string {
  return t('metrics.phase', {
    tokens: decimals(positive(tokens), 0),
    speed: speedText(tokens, ms),
    seconds: secondsText(positive(ms)),
  });
}

function speedText(tokens: number, ms: number): string {
  const value = speed(tokens, ms);
  return value === null ? t('metrics.noSpeed') : t('metrics.speed', { value: decimals(value, 2) });
}

function tokensText(tokens: number): string {
  const count = positive(tokens);
  return t('metrics.tokens', { count, value: decimals(count, 0) });
}

export function secondsText(ms: number): string {
  return t('metrics.seconds', { value: decimals(positive(ms) / 1000, 1) });
}

/** Shares of the two phases in percent, or null when nothing was measured. */
export function phaseShares(timings: Timings): { understanding: number; writing: number } | null {
  const prompt = positive(timings.promptMs);
  const total = prompt + positive(timings.predictedMs);
  if (total <= 0) return null;
  const understanding = (prompt / total) * 100;
  return { understanding, writing: 100 - understanding };
}

export function stopReason(reason: FinishReason): string {
  return t(`finish.${reason}`);
}

/** A host that measured nothing sends 0, and a broken clock NaN. */
function positive(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
