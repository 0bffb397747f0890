import type { PromptTemplate } from '../host/bindings';

/** The menu of templates, as far as it can be worked out from the text. Everything here is pure. */

/** Where the cursor is after a template was inserted; else it is at the end. */
export const cursorMark = '{cursor}';

/** What is looked for while a message begins with a slash; null: no template is meant. */
export function templateQuery(draft: string): string | null {
  return /^\/[^\n]{0,60}$/.test(draft) ? draft.slice(1) : null;
}

/** Those in whose name each typed word begins a word. */
export function matching(list: readonly PromptTemplate[], query: string): PromptTemplate[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return list.filter(({ name }) => {
    const inName = name.toLocaleLowerCase().split(/\s+/);
    return words.every((word) => inName.some((part) => part.startsWith(word)));
  });
}

/** The text of a template, and where the cursor goes. */
export function filledIn({ text }: PromptTemplate): { text: string; cursor: number } {
  const at = text.indexOf(cursorMark);
  if (at === -1) return { text, cursor: text.length };
  return { text: text.slice(0, at) + text.slice(at + cursorMark.length), cursor: at };
}
