import { speak } from './words.svelte';

/**
 * Owns which language the window speaks: the system's or the one that was chosen, which is
 * remembered. Does not own any word. A language is loaded when it is wanted, so that only one is in
 * memory.
 */
const known = {
  en: { dir: 'ltr', locale: 'en', words: async () => (await import('./en')).en },
  es: { dir: 'ltr', locale: 'es', words: async () => (await import('./es')).es },
  // Which digits Arabic has depends on the country, and web views guess differently where none is known.
  ar: { dir: 'rtl', locale: 'ar-u-nu-latn', words: async () => (await import('./ar')).ar },
} as const satisfies Record<
  string,
  { dir: 'ltr' | 'rtl'; locale: string; words: () => Promise<object> }
>;

export type LanguageCode = keyof typeof known;
export type LanguageChoice = 'system' | LanguageCode;

/** What each language calls itself, for somebody who cannot read the one that is shown. */
export const ownNames: Record<LanguageCode, string> = {
  en: 'English',
  es: 'Español',
  ar: 'العربية',
};

export const languageCodes = Object.keys(known) as LanguageCode[];
export const languageChoices: readonly LanguageChoice[] = ['system', ...languageCodes];

/** Where the choice is kept (stores/memory.ts). */
export interface LanguageMemory {
  get(key: 'language'): string | null;
  set(key: 'language', text: string | null): Promise<void>;
}

class Language {
  #chosen = $state<LanguageChoice>('system');
  #current = $state<LanguageCode>('en');
  #listening = false;
  #turn = 0;
  #memory: LanguageMemory | null = null;

  get chosen(): LanguageChoice {
    return this.#chosen;
  }

  get current(): LanguageCode {
    return this.#current;
  }

  get dir(): 'ltr' | 'rtl' {
    return known[this.#current].dir;
  }

  /** Fetches the words that will most likely be wanted, while what was chosen is still being asked for. */
  expect(): void {
    // Whoever wants them next hears of it if they cannot be had.
    known[ofSystem()].words().catch(() => undefined);
  }

  /** Reads what was chosen last and shows it. Nothing can be said before this has ended. */
  start(memory: LanguageMemory): Promise<void> {
    this.#memory = memory;
    const saved = memory.get('language');
    this.#chosen = languageChoices.find((choice) => choice === saved) ?? 'system';
    if (!this.#listening) window.addEventListener('languagechange', () => void this.#show());
    this.#listening = true;
    return this.#show();
  }

  /** Chooses a language and keeps the choice; ends once the window speaks it. */
  async set(code: LanguageChoice): Promise<void> {
    this.#chosen = code;
    // Kept before it is shown: whoever sees it may close the window.
    await this.#memory?.set('language', code === 'system' ? null : code);
    await this.#show();
  }

  async #show() {
    const code = this.#chosen === 'system' ? ofSystem() : this.#chosen;
    const turn = (this.#turn += 1);
    const words = await known[code].words();
    // Somebody who goes through the list wants the last one, whichever file comes last.
    if (turn !== this.#turn) return;
    const { dir } = known[code];
    await speak(code, words, { locale: localeFor(code), rightToLeft: dir === 'rtl' });
    this.#current = code;
    document.documentElement.lang = code;
    document.documentElement.dir = dir;
  }
}

function languageOf(tag: string): string {
  return tag.toLowerCase().split(/[-_]/)[0] ?? '';
}

/** The first of the system's languages that there are words in. */
function ofSystem(): LanguageCode {
  for (const tag of navigator.languages) {
    const found = languageCodes.find((code) => code === languageOf(tag));
    if (found) return found;
  }
  return 'en';
}

/** The system's own form of a language, as es-MX for es: it decides how numbers are written. */
function localeFor(code: LanguageCode): string {
  const tag = navigator.languages.find((tag) => languageOf(tag) === code && tag !== code);
  if (tag !== undefined && Intl.NumberFormat.supportedLocalesOf(tag).length > 0) return tag;
  return known[code].locale;
}

export const language = new Language();
