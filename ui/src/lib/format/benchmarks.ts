import type { BenchEvent, BenchRecord, BenchRun, BenchTestView } from '../host';
import { isolate, t } from '../i18n';
import { decimals } from './numbers';

/** Measurements in words, figures and points of charts. Everything here is pure. */

/** What every model here is asked, in these very words (`QUESTION` in view/benching.rs). */
export const question = 'explain quantum entanglement';

/** As llama-bench names it, in every language: pp512, tg128 @ d2048. */
export function testName({ kind, n, depth }: BenchTestView): string {
  const name = `${kind === 'prompt' ? 'pp' : 'tg'}${n}`;
  return isolate(depth > 0 ? `${name} @ d${depth}` : name);
}

/** "12.25 ± 0.50": as many digits as the deviation leaves a meaning. */
export function speedOf({ tokS, stddev }: BenchTestView): string {
  const digits = tokS >= 100 ? 1 : 2;
  return isolate(`${decimals(tokS, digits)} ± ${decimals(stddev, digits)}`);
}

/** How far a measurement is, 0 to 100: every load and every run alike. */
export function percentDone(event: BenchEvent | null): number {
  if (event?.type === 'loading')
    return share(event.loadsDone, event.loads, event.fraction * loadingShare);
  if (event?.type === 'measuring') {
    const { testsDone, tests, repetitionsDone, repetitions } = event;
    const tested = (testsDone + repetitionsDone / Math.max(1, repetitions)) / Math.max(1, tests);
    return share(event.loadsDone, event.loads, loadingShare + tested * (1 - loadingShare));
  }
  return event?.type === 'answering' ? 100 : 0;
}

const loadingShare = 0.1;

const share = (done: number, all: number, within: number) =>
  Math.min(100, Math.round(((done + within) / Math.max(1, all)) * 100));

/** What is being done, in words. */
export function doing(event: BenchEvent | null): string {
  if (event?.type === 'loading') return t('bench.loading');
  if (event?.type === 'measuring')
    return t('bench.measuring', { test: event.testsDone + 1, tests: event.tests });
  if (event?.type === 'answering') return t('bench.answering', { count: event.predictedN });
  return t('bench.beginning');
}

/** A point of a chart. */
export interface Point {
  x: number;
  y: number;
  /** What it is, for those who read it. */
  label: string;
}

const writing = (run: BenchRun) =>
  run.tests.find((test) => test.kind === 'generation' && test.depth === 0);

/** How fast a model writes with so many layers on the GPU. */
export function overLayers(record: BenchRecord | null): Point[] {
  const points = (record?.runs ?? []).flatMap((run) => {
    const test = writing(run);
    return test ? [{ x: run.nGpuLayers, y: test.tokS, label: record?.model.name ?? '' }] : [];
  });
  return points.toSorted((a, b) => a.x - b.x);
}

/** How fast each model that was measured writes, over its size: the newest measurement of each, its fastest load. */
export function overSize(history: readonly BenchRecord[]): Point[] {
  const newest = new Map<string, Point>();
  for (const { model, runs } of history) {
    const speeds = runs.flatMap((run) => writing(run)?.tokS ?? []);
    if (speeds.length === 0 || newest.has(model.path)) continue;
    const label = [model.name, model.quant].filter(Boolean).join(' ');
    newest.set(model.path, { x: model.sizeBytes / 1e9, y: Math.max(...speeds), label });
  }
  return [...newest.values()].toSorted((a, b) => a.x - b.x);
}

/** Round steps from 0 to at least the greatest value, at most five of them. */
export function ticks(greatest: number): number[] {
  if (!(greatest > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(greatest / 4));
  const step =
    [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n * 5 >= greatest) ?? power * 10;
  const count = Math.ceil(greatest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}
