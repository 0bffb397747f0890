import type {
  MemoryBar,
  PartKind,
  PickView,
  PlanView,
  QuantRow,
  Reason,
  SpeedRange,
  VerdictView,
} from '../host/bindings';
import { t } from '../i18n';
import { bytes, decimals, decimalsOrWhole, range, whole, withoutUnit } from './numbers';

/** Plans in words and figures. Everything here is pure. */

const gib = 2 ** 30;
/** What the house calls a page of text. */
const pageTokens = 400;

/** Memory is sold and counted in GiB, 2³⁰ bytes; files in GB. Both say which. */
export function gibibytes(value: number): string {
  const shown = value / gib;
  const digits =
    shown >= 10 || Number.isInteger(shown) ? (shown >= 100 ? 0 : 1) : shown < 0.1 ? 2 : 1;
  return t('units.gib', { value: decimalsOrWhole(shown, digits) });
}

/** 2 and 3 digits lie: an estimate has two. 1234 is 1200, 0.0051 stays. */
function estimate(value: number): string {
  const two = Number(value.toPrecision(2));
  if (two >= 10) return whole(two);
  if (two >= 1) return decimals(two, 1);
  return two >= 0.01 ? decimals(two, 2) : t('plan.under', { value: decimals(0.01, 2) });
}

/** "3.2–4.9", or one figure where both ends read the same. */
export function speedRange({ low, high }: SpeedRange): string {
  const [from, to] = [estimate(low), estimate(high)];
  // Slower than a hundredth at its best is all there is to say; at its worst it is a hundredth at most.
  if (from === to) return from;
  return low < 0.01 ? t('plan.under', { value: to }) : range(from, to);
}

export function speedBasis({ measured }: SpeedRange): string {
  return measured ? t('plan.measured') : t('plan.estimated');
}

/** How long a page takes, between the two ends. */
export function pageTime({ low, high }: SpeedRange): string {
  const seconds = pageTokens / ((low + high) / 2);
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 90) return t('plan.pageSeconds', { count: rounded(seconds) });
  if (seconds < 90 * 60) return t('plan.pageMinutes', { count: rounded(seconds / 60) });
  return t('plan.pageHours', { count: rounded(seconds / 3600) });
}

function rounded(value: number): number {
  return Math.max(1, Math.round(Number(value.toPrecision(2))));
}

/** Where the layers are. The same words as the reasons of a pick, so that nothing is said twice. */
export function layersSentence(plan: PlanView): string {
  const gpus = plan.bars.slice(0, -1).map((bar) => bar.name);
  if (plan.nGpuLayers === 0 || gpus.length === 0) return t('plan.onProcessor');
  const values = { count: plan.nLayersAll, layers: plan.nGpuLayers, gpu: gpus.join(' + ') };
  return plan.nGpuLayers === plan.nLayersAll
    ? t('plan.allOnGpu', values)
    : t('plan.someOnGpu', values);
}

/** What is left to say beside the layers and the quality, which have lines of their own. */
export function otherReasons(pick: PickView): Reason[] {
  const own: readonly Reason['kind'][] = ['quality', 'allOnGpus', 'someOnGpus'];
  return pick.reasons.filter(({ kind }) => !own.includes(kind));
}

export function diskSentence({ diskBytesPerToken: [least, most] }: PlanView): string | null {
  if (most === 0) return null;
  const [from, to] = [bytes(least), bytes(most)];
  if (least === 0 || from === to) return t('plan.disk', { range: to });
  return t('plan.disk', { range: range(withoutUnit(from, to), to) });
}

export function partName(kind: PartKind): string {
  return t(`parts.${kind}`);
}

/** What the parts come to beyond the memory there is; 0 where it is enough or nobody knows. */
export function overflowBytes(bar: MemoryBar): number {
  const filled = bar.parts.reduce((sum, part) => sum + part.bytes, 0);
  // The survey rounds; a sliver is not an overflow.
  const over = bar.memoryBytes === null ? 0 : filled - bar.memoryBytes;
  return over > gib / 100 ? over : 0;
}

/** The context lengths on the slider: powers of two, and what the model was trained for. */
export function contextSteps(nCtxTrain: number): number[] {
  const most = Math.min(nCtxTrain, 131_072);
  const steps: number[] = [];
  for (let n = 2048; n < most; n *= 2) steps.push(n);
  return [...steps, most];
}

/** A verdict's mark; the word is always beside it. */
export const verdictIcon = {
  fitsOnGpu: 'check',
  fitsWithRam: 'half',
  readsFromDisk: 'warning',
  tooBig: 'close',
} as const satisfies Record<VerdictView, string>;

export type SortKey = 'size' | 'quality' | 'speed' | 'layers';

/** Sorted, with each dead quantization kept below the one that replaces it. */
export function sortedRows(
  rows: readonly QuantRow[],
  key: SortKey,
  descending: boolean,
): QuantRow[] {
  const worth = (row: QuantRow): number => {
    if (key === 'quality') return row.qualityStep;
    if (key === 'speed') return row.plan && row.plan.verdict !== 'tooBig' ? row.plan.tokS.low : 0;
    if (key === 'layers') return row.plan?.nGpuLayers ?? 0;
    return row.fileBytes ?? 0;
  };
  const sign = descending ? -1 : 1;
  const alive = rows.filter((row) => row.replacedBy === null);
  const sorted = alive.toSorted(
    (a, b) => sign * (worth(a) - worth(b)) || (a.fileBytes ?? 0) - (b.fileBytes ?? 0),
  );
  return sorted.flatMap((row) => [row, ...rows.filter((dead) => dead.replacedBy === row.quant)]);
}
