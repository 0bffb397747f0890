import type { TokenizerAndRendererExtension, Tokens } from 'marked';
import { t } from '../i18n';
import { escapeHtml } from './highlight';

/**
 * Footnotes: `[^1]` in the text, `[^1]: …` where it is explained. A note is shown where it was
 * written, so that a block never depends on another one; the two lead to each other by name, inside
 * one answer. As long as an answer grows, its notes are not known, and `[^1]` is a plain number.
 */

/** Where a note is: its number, and the page of the document that it stands on. */
export interface Note {
  readonly number: string;
  readonly page: number;
}
export type Notes = ReadonlyMap<string, Note>;

const definition = /^ {0,3}\[\^([^\]\s]{1,64})\]:[ \t]*/;
const reference = /^\[\^([^\]\s]{1,64})\]/;
const belongs = /^(?: {4}|\t)/;
/** A letter in the first column goes on with the line before it. */
const plainLine = /^\p{L}/u;

interface NoteToken extends Tokens.Generic {
  label: string;
}

/** marked hands nothing of ours to a renderer; parsing is synchronous, so this is safe. */
let known: Notes | undefined;

export function withNotes<T>(notes: Notes | undefined, run: () => T): T {
  known = notes;
  try {
    return run();
  } finally {
    known = undefined;
  }
}

export const footnoteDefinition: TokenizerAndRendererExtension = {
  name: 'footnoteDefinition',
  level: 'block',
  tokenizer(src) {
    const found = readDefinition(src);
    if (!found) return undefined;
    const { raw, label, text } = found;
    return { type: 'footnoteDefinition', raw, label, tokens: this.lexer.blockTokens(text, []) };
  },
  renderer(token) {
    const { label } = token as NoteToken;
    const number = known?.get(label)?.number ?? label;
    const back = t('conversation.noteBack', { number });
    return (
      `<div class="note" data-note-of="${escapeHtml(label)}" tabindex="-1">` +
      `<span class="note-number">${escapeHtml(number)}</span>` +
      `<div class="note-text">${this.parser.parse(token.tokens ?? [])}</div>` +
      `<a class="link note-back" role="link" tabindex="0" data-note-back="${escapeHtml(label)}" aria-label="${escapeHtml(back)}">↑</a></div>\n`
    );
  },
};

export const footnoteReference: TokenizerAndRendererExtension = {
  name: 'footnoteReference',
  level: 'inline',
  start: (src) => {
    const at = src.indexOf('[^');
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const label = reference.exec(src)?.[1];
    if (label === undefined || (known && !known.has(label))) return undefined;
    return { type: 'footnoteReference', raw: `[^${label}]`, label };
  },
  renderer(token) {
    const { label } = token as NoteToken;
    const note = known?.get(label);
    if (!note) return `<sup>${escapeHtml(label)}</sup>`;
    const name = t('conversation.note', { number: note.number });
    return `<sup><a class="link" role="link" tabindex="0" data-note="${escapeHtml(label)}" aria-label="${escapeHtml(name)}">${escapeHtml(note.number)}</a></sup>`;
  },
};

/** A note ends at a blank line that no indented line follows, and where the next one begins. */
function readDefinition(src: string) {
  const start = definition.exec(src);
  const label = start?.[1];
  if (!start || label === undefined) return null;
  const lines = src.split('\n', 400);
  let end = 1;
  let blank = false;
  for (; end < lines.length; end += 1) {
    const line = lines[end] ?? '';
    if (line.trim() === '') blank = true;
    else if (!belongs.test(line) && (blank || !plainLine.test(line))) break;
    else blank = false;
  }
  while (end > 1 && (lines[end - 1] ?? '').trim() === '') end -= 1;
  const taken = lines.slice(0, end);
  const text = taken.map((line) => line.replace(belongs, '')).join('\n');
  const raw = taken.join('\n');
  return {
    raw: src.startsWith('\n', raw.length) ? `${raw}\n` : raw,
    label,
    text: text.slice(start[0].length),
  };
}

/** The names of the notes that are explained in a block. */
export function findNotes(text: string): string[] {
  if (!text.includes('[^')) return [];
  return [...text.matchAll(/^ {0,3}\[\^([^\]\s]{1,64})\]:/gm)].flatMap(([, label]) => label ?? []);
}

/** Numbers stay what they are; names are counted. */
export function numberNotes(found: readonly { label: string; page: number }[]): Notes {
  const notes = new Map<string, Note>();
  const named = found.some(({ label }) => !/^\d+$/.test(label));
  for (const { label, page } of found) {
    if (notes.has(label)) continue;
    notes.set(label, { number: named ? String(notes.size + 1) : label, page });
  }
  return notes;
}
