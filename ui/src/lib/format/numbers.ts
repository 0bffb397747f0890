import { isolate, numberFormat, t } from '../i18n';

/** Numbers as people read them, in the reader's locale. The words come from i18n. */

export function decimals(value: number, digits: number): string {
  return numberFormat({
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  }).format(value);
}

/** As `decimals`, but 12.0 is "12". */
export function decimalsOrWhole(value: number, digits: number): string {
  return numberFormat({
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    trailingZeroDisplay: 'stripIfInteger',
    useGrouping: false,
  }).format(value);
}

export function whole(value: number): string {
  return numberFormat({ maximumFractionDigits: 0 }).format(value);
}

/** A number for a field: in the digits of every keyboard, and as `typedNumber` reads it, in every language. */
export function numberToType(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** What was typed, as JavaScript writes numbers: people write 0,7 or ٠٫٧ where that is how numbers are written. */
export function typedNumber(text: string): string {
  return text
    .trim()
    .replace(/[٠-٩۰-۹]/g, (digit) => String((digit.codePointAt(0) ?? 0) & 15))
    .replace(/[,٫]/, '.');
}

/** "3.2–4.9". The smaller one comes first however the words around it run. */
export function range(from: string, to: string): string {
  return isolate(`${from}–${to}`);
}

/** GB is 10⁹ bytes, as on the box of a disk. */
export function bytes(value: number): string {
  const units = ['units.b', 'units.kb', 'units.mb', 'units.gb', 'units.tb'] as const;
  let unit = 0;
  let shown = Math.max(0, value);
  while (shown >= 1000 && unit < units.length - 1) {
    shown /= 1000;
    unit += 1;
  }
  const digits = unit === 0 ? 0 : 1;
  return t(units[unit] ?? 'units.tb', { value: decimalsOrWhole(shown, digits) });
}

/** "3.1 of 42.5 GB": the unit once where it is the same. Both come from `bytes`. */
export function withoutUnit(from: string, to: string): string {
  const unit = unitOf(to);
  return unit !== '' && unitOf(from) === unit ? from.replace(unit, '') : from;
}

/** The unit with the space before it; nothing where a language writes no space. */
function unitOf(text: string): string {
  return /[ \u00a0][^\d\s\u2066-\u2069]+/.exec(text)?.[0] ?? '';
}

/** 8192 is "8k": the sizes people choose are powers of two. 1234 is "1.2k". */
export function tokensShort(value: number): string {
  if (value >= 1024 && value % 1024 === 0) return t('units.kilo', { value: whole(value / 1024) });
  if (value < 1000) return whole(value);
  const thousands = value / 1000;
  return t('units.kilo', {
    value: numberFormat({ maximumSignificantDigits: thousands < 10 ? 2 : 3 }).format(thousands),
  });
}

/** "about 12 s", "about 3 min": never more exact than an estimate can be. */
export function aboutSeconds(seconds: number): string {
  if (seconds < 60)
    return t('units.aboutSeconds', { value: whole(Math.max(1, twoDigits(seconds))) });
  return t('units.aboutMinutes', { value: whole(Math.max(1, twoDigits(seconds / 60))) });
}

function twoDigits(value: number): number {
  return Number(value.toPrecision(2));
}
