import { locale, t } from '../i18n';

/** Numbers as people read them. Everything here is pure; the words come from i18n. */

const formats = new Map<string, Intl.NumberFormat>();

function format(value: number, options: Intl.NumberFormatOptions): string {
  const key = JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale(), options);
    formats.set(key, found);
  }
  return found.format(value);
}

export function decimals(value: number, digits: number): string {
  return format(value, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  });
}

export function whole(value: number): string {
  return format(value, { maximumFractionDigits: 0 });
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
  return t(units[unit] ?? 'units.tb', { value: decimals(shown, digits).replace(/[.,]0$/, '') });
}

/** 8192 is "8k": the sizes people choose are powers of two. 1234 is "1.2k". */
export function tokensShort(value: number): string {
  if (value >= 1024 && value % 1024 === 0) return t('units.kilo', { value: whole(value / 1024) });
  if (value < 1000) return whole(value);
  const thousands = value / 1000;
  return t('units.kilo', {
    value: format(thousands, { maximumSignificantDigits: thousands < 10 ? 2 : 3 }),
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
