/** Owns which language the window speaks: the system's or the one that was chosen. */
export type LanguageCode = 'en';
export type LanguageChoice = 'system' | LanguageCode;

/** What each language calls itself, for somebody who cannot read the one that is shown. */
export const ownNames: Record<LanguageCode, string> = { en: 'English' };

export const languageChoices: readonly LanguageChoice[] = ['system', 'en'];

class Language {
  chosen = $state<LanguageChoice>('system');

  async set(code: LanguageChoice): Promise<void> {
    this.chosen = code;
  }
}

export const language = new Language();
