import i18next from 'i18next';
import { en } from './en';

/**
 * The words of the window. Components and formatters ask for a key; a misspelt key does not
 * compile. Another language is another file like `en.ts` and one line here.
 */
declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

const i18n = i18next.createInstance();

void i18n.init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  // Svelte escapes what it shows.
  interpolation: { escapeValue: false },
  initAsync: false,
});

export const t = i18n.t;

export function locale(): string {
  return i18n.resolvedLanguage ?? 'en';
}
