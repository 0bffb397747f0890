/**
 * The words of the window. Another language is a set of files like `en.ts` and `en-*.ts`, and one
 * line in `language.svelte.ts`; a new topic is one more file per language.
 */
export { isolate, locale, numberFormat, t } from './words.svelte';
export { language } from './language.svelte';
