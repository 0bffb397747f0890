import i18next from 'i18next';
import type { en } from './en';

/**
 * The words of the window in the language that is shown. Components and formatters ask for a key;
 * a misspelt key does not compile.
 *
 * Owns the library that finds a word and its plural, and the rune that makes whoever asked ask again
 * in another language. Does not own which language that is: see `language.svelte.ts`.
 */
declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

const namespace = 'translation';

const shown = $state({ code: 'en', locale: 'en', rightToLeft: false });
const i18n = i18next.createInstance();
const formats = new Map<string, Intl.NumberFormat>();

/** First strong isolate and its end: what is between them cannot turn the words around it. */
const isolateStart = String.fromCharCode(0x2068);
const isolateEnd = String.fromCharCode(0x2069);

void i18n
  .use({
    type: 'formatter',
    init: () => undefined,
    add: () => undefined,
    addCached: () => undefined,
    format(value: unknown) {
      if (typeof value === 'number') return numberFormat().format(value);
      return typeof value === 'string' ? isolate(value) : value;
    },
  })
  .init({
    lng: 'en',
    // Every language has every word: the compiler sees to it.
    fallbackLng: false,
    resources: {},
    // Svelte escapes what it shows.
    interpolation: { escapeValue: false, alwaysFormat: true },
    initAsync: false,
  });

const find = i18n.t as unknown as (...request: unknown[]) => string;

function askedFor(...request: unknown[]): string {
  // Read before the words, so that a change of language is a change of whatever is asked for here.
  void shown.code;
  return find(...request);
}

/** The words for a key, with the names and figures that belong in them. */
export const t = askedFor as unknown as typeof i18n.t;

/** The locale of numbers and dates: the shown language as it is written where the reader lives. */
export function locale(): string {
  return shown.locale;
}

/** How numbers are written. Made once for each locale and each set of options. */
export function numberFormat(options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  const key = shown.locale + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(shown.locale, options);
    formats.set(key, found);
  }
  return found;
}

/**
 * A name, a path or a figure as it stands among words that run from right to left. Left as it is
 * where they run from left to right, and where it is isolated already.
 */
export function isolate(text: string): string {
  if (!shown.rightToLeft || text === '' || /^[\u2066-\u2068]/.test(text)) return text;
  return isolateStart + text + isolateEnd;
}

/** Shows another language from now on. The one before it is forgotten. */
export async function speak(
  code: string,
  words: object,
  { locale, rightToLeft }: { locale: string; rightToLeft: boolean },
) {
  i18n.addResourceBundle(code, namespace, words, true, true);
  await i18n.changeLanguage(code);
  const before = shown.code;
  Object.assign(shown, { code, locale, rightToLeft });
  if (before !== code) i18n.removeResourceBundle(before, namespace);
}
