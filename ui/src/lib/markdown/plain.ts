import type { Token, Tokens } from 'marked';
import { lexMarkdown } from './render';
import { type Block, codeText, splitBlocks } from './splitter';
import { withoutThinking } from './thinking';

/** Markdown as people would type it without any: for the clipboard, and for the voice. */

/** A whole answer, without what the model thought. */
export function plainText(markdown: string): string {
  return splitBlocks(withoutThinking(markdown)).map(plainBlock).filter(Boolean).join('\n\n');
}

export function plainBlock(block: Block): string {
  if (block.kind === 'code') return codeText(block);
  const tokens = lexMarkdown(block.text);
  return tokens ? blocks(tokens) : block.text.trim();
}

function blocks(tokens: readonly Token[]): string {
  return tokens
    .map(plainToken)
    .filter((text) => text !== '')
    .join('\n\n');
}

function plainToken(token: Token): string {
  switch (token.type) {
    case 'list':
      return list(token as Tokens.List);
    case 'table':
      return table(token as Tokens.Table);
    case 'code':
      return (token as Tokens.Code).text;
    case 'mathBlock':
      return String((token as Tokens.Generic)['tex']);
    case 'blockquote':
      return blocks((token as Tokens.Blockquote).tokens);
    case 'footnoteDefinition':
      return `[${String((token as Tokens.Generic)['label'])}] ${blocks(token.tokens ?? [])}`;
    case 'space':
    case 'hr':
    case 'def':
      return '';
    default:
      return 'tokens' in token && token.tokens ? inline(token.tokens) : inline([token]);
  }
}

function list({ items, ordered, start }: Tokens.List): string {
  return items
    .map((item, index) => {
      const mark = ordered ? `${Number(start || 1) + index}. ` : '- ';
      const done = item.task ? (item.checked ? '[x] ' : '[ ] ') : '';
      const text = item.tokens.map(plainToken).filter(Boolean).join('\n');
      return mark + done + text.replaceAll('\n', `\n${' '.repeat(mark.length)}`);
    })
    .join('\n');
}

function table({ header, rows }: Tokens.Table): string {
  return [header, ...rows]
    .map((cells) => cells.map(({ tokens }) => inline(tokens)).join('\t'))
    .join('\n');
}

function inline(tokens: readonly Token[]): string {
  return tokens.map(inlineToken).join('');
}

function inlineToken(token: Token): string {
  switch (token.type) {
    // The item says it already.
    case 'checkbox':
      return '';
    case 'br':
      return '\n';
    case 'mathInline':
      return String((token as Tokens.Generic)['tex']);
    case 'footnoteReference':
      return `[${String((token as Tokens.Generic)['label'])}]`;
    case 'plainTag':
      return /^<br/i.test(token.raw) ? '\n' : '';
    case 'link': {
      const { href, text, tokens } = token as Tokens.Link;
      const name = inline(tokens);
      return href === text || href === `mailto:${text}` ? name : `${name} (${href})`;
    }
    case 'image':
      return (token as Tokens.Image).text;
    default:
      if ('tokens' in token && token.tokens) return inline(token.tokens);
      return 'text' in token && typeof token.text === 'string' ? token.text : token.raw;
  }
}
