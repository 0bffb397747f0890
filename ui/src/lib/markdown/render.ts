import { Lexer, Marked, type MarkedExtension, Parser, type Tokens, type TokensList } from 'marked';
import { t } from '../i18n';
import { footnoteDefinition, footnoteReference, type Notes, withNotes } from './footnotes';
import { escapeHtml, highlight, languageName } from './highlight';
import { mathBlock, mathInline } from './math';
import type { Block } from './splitter';
import { codeText } from './splitter';

/**
 * Markdown to HTML, still to be sanitised.
 *
 * - HTML in the text is shown as text: models write it as an example, never for the reader's eyes.
 *   A few harmless tags without attributes (`<br>`, `<sub>` …) are understood.
 * - Links and images have no address the web view could follow. The address waits in `data-url`
 *   until somebody asks for it.
 */

export type Links = Lexer['tokens']['links'];

const tags: Tokens.Generic['name'] = 'plainTag';
const plainTag = /^<(\/?(?:sub|sup|kbd|u|mark|b|i|em|strong)|br ?\/?)>/i;

const extension: MarkedExtension = {
  gfm: true,
  breaks: false,
  extensions: [
    mathBlock,
    mathInline,
    footnoteDefinition,
    footnoteReference,
    {
      name: tags as string,
      level: 'inline',
      start: (src) => src.match(/<\/?\w/)?.index,
      tokenizer(src) {
        const match = plainTag.exec(src);
        return match ? { type: 'plainTag', raw: match[0] } : undefined;
      },
      renderer: ({ raw }) => raw.toLowerCase(),
    },
  ],
  tokenizer: {
    html: () => undefined,
    tag: () => undefined,
  },
  renderer: {
    checkbox({ checked }: Tokens.Checkbox) {
      const state = t(checked ? 'answer.done' : 'answer.notDone');
      const mark = checked ? 'checked ' : '';
      return `<input type="checkbox" ${mark}disabled aria-label="${escapeHtml(state)}"> `;
    },
    code({ text, lang }: Tokens.Code) {
      return codeHtml(text, lang ?? '');
    },
    link({ href, tokens }: Tokens.Link) {
      const text = this.parser.parseInline(tokens);
      const url = safeUrl(href);
      if (!url) return text;
      return `<a class="link" role="link" tabindex="0" data-url="${escapeHtml(url)}">${text}</a>`;
    },
    image({ href, text }: Tokens.Image) {
      const url = safeUrl(href);
      const alt = escapeHtml(text || t('answer.picture'));
      if (!url) return `<span class="picture">${alt}</span>`;
      const shown = escapeHtml(url.length > 80 ? `${url.slice(0, 79)}…` : url);
      return (
        `<a class="picture" role="link" tabindex="0" data-url="${escapeHtml(url)}">` +
        `<span class="picture-alt">${alt}</span> <span class="picture-url">${shown}</span></a>`
      );
    },
    html({ text }: Tokens.HTML | Tokens.Tag) {
      return escapeHtml(text);
    },
    table(token: Tokens.Table) {
      const cell = (c: Tokens.TableCell, tag: string) => {
        const align = c.align ? ` align="${c.align}"` : '';
        return `<${tag}${align}>${this.parser.parseInline(c.tokens)}</${tag}>`;
      };
      const row = (cells: Tokens.TableCell[], tag: string) =>
        `<tr>${cells.map((c) => cell(c, tag)).join('')}</tr>\n`;
      const body = token.rows.map((r) => row(r, 'td')).join('');
      return (
        `<div class="table" tabindex="0" role="group" aria-label="${escapeHtml(t('answer.table'))}"><table>` +
        `<thead>\n${row(token.header, 'th')}</thead>\n${body ? `<tbody>${body}</tbody>` : ''}</table></div>\n`
      );
    },
  },
};

const marked = new Marked(extension);

/** Quotations and lists nested deeper than anybody writes; the parser would run out of stack. */
const tooDeep = /^(?:[ \t]*(?:>|[-*+][ \t]|\d{1,9}[.)][ \t])){24,}/m;

/** One block of Markdown. `links` and `notes` are those of the whole document. */
export function renderMarkdown(text: string, links?: Links, notes?: Notes): string {
  const html = withNotes(notes, () => {
    const tokens = lexMarkdown(text, links);
    return tokens && safely(() => new Parser(marked.defaults).parse(tokens));
  });
  return html ?? plainHtml(text);
}

/** The structure of one block of Markdown, or null where it is better shown as it was written. */
export function lexMarkdown(text: string, links?: Links): TokensList | null {
  if (tooDeep.test(text)) return null;
  return safely(() => {
    const lexer = new Lexer(marked.defaults);
    if (links) Object.assign(lexer.tokens.links, links);
    return lexer.lex(text);
  });
}

/** A defect of the parser must not take the text away from its reader. */
function safely<T>(run: () => T): T | null {
  try {
    return run();
  } catch {
    return null;
  }
}

function plainHtml(text: string): string {
  return `<p class="plain">${escapeHtml(text.trim())}</p>\n`;
}

export function renderBlock(block: Block, links?: Links, notes?: Notes): string {
  if (block.kind === 'code') return codeHtml(codeText(block), block.language);
  return renderMarkdown(block.text, links, notes);
}

/** `[name]: address` lines in a block, for references elsewhere in the answer. */
export function findLinks(text: string): Links | null {
  if (!/^ {0,3}\[[^\]\n]+\]:/m.test(text)) return null;
  const links = lexMarkdown(text)?.links;
  return links && Object.keys(links).length > 0 ? links : null;
}

/** Code inside a list or a quotation. Code at the top level is the component `CodeView`. */
function codeHtml(text: string, info: string): string {
  const language = languageName(info);
  return (
    `<div class="code"><div class="code-head"><span class="code-language">${escapeHtml(language || t('answer.code'))}</span>` +
    `<button type="button" class="code-copy" data-copy-code="1">${escapeHtml(t('answer.copyCode'))}</button></div>` +
    `<pre tabindex="0"><code>${highlight(text, language)}\n</code></pre></div>\n`
  );
}

/** Only addresses a person could type into a browser are offered at all. */
function safeUrl(href: string): string | null {
  const url = href.trim();
  return /^(?:https?:\/\/|mailto:)[^\s\p{Cc}]+$/iu.test(url) ? url : null;
}
