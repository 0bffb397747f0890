import type katexModule from 'katex';
import type { TokenizerAndRendererExtension, Tokens } from 'marked';
import { Late } from '../late.svelte';

/**
 * LaTeX in Markdown: `$…$` and `\(…\)` in a line, `$$…$$` and `\[…\]` on their own.
 *
 * The HTML made here holds only the source, in a data attribute. KaTeX draws it into the document
 * after sanitising, so no style attribute ever has to pass the sanitiser.
 */

interface MathToken extends Tokens.Generic {
  tex: string;
  display: boolean;
}

const display = /^(?:\$\$((?:\\[^]|[^\\$]|\$(?!\$))+?)\$\$|\\\[((?:\\(?!\])[^]|[^\\])+?)\\\])/;
const displayBlock = new RegExp(`${display.source.replace('^', '^ {0,3}')}[ \\t]*(?:\\n+|$)`);
/** A blank line or a code fence ends an unclosed formula, else it would swallow the answer. */
const notInMath = /\n[ \t]*(?:\n|```|~~~)/;
const parenthesised = /^\\\(((?:\\(?!\))[^]|[^\\])+?)\\\)/;
const dollars = /^\$(?![\s$])((?:\\[^\n]|[^\\$\n])+)\$(?!\d)/;

export const mathBlock: TokenizerAndRendererExtension = {
  name: 'mathBlock',
  level: 'block',
  start: nextMathBlock,
  tokenizer(src) {
    const found = readMathBlock(src);
    return found ? { type: 'mathBlock', ...found, display: true } : undefined;
  },
  renderer: (token) => `<p class="math-block">${mathHtml(token as MathToken)}</p>\n`,
};

function readMathBlock(src: string): { raw: string; tex: string } | null {
  const match = displayBlock.exec(src);
  const tex = match?.[1] ?? match?.[2];
  if (!match || !tex?.trim() || notInMath.test(tex)) return null;
  return { raw: match[0], tex: tex.trim() };
}

/** Where a paragraph has to stop; only for a formula that is whole, else marked would join paragraphs. */
function nextMathBlock(src: string): number | undefined {
  for (const { index, 0: start } of src.matchAll(/(?:^|\n)(?= {0,3}(?:\$\$|\\\[))/g)) {
    if (readMathBlock(src.slice(index + start.length))) return index;
  }
  return undefined;
}

export const mathInline: TokenizerAndRendererExtension = {
  name: 'mathInline',
  level: 'inline',
  start: (src) => src.match(/\$|\\[([]/)?.index,
  tokenizer(src) {
    const shown = display.exec(src);
    const tex = shown?.[1] ?? shown?.[2];
    if (shown && tex?.trim()) {
      return { type: 'mathInline', raw: shown[0], tex: tex.trim(), display: true };
    }
    const inline = parenthesised.exec(src) ?? dollars.exec(src);
    const source = inline?.[1];
    // "$5 and $6" is money: a closing dollar has no space before it.
    if (!inline || !source?.trim() || (src.startsWith('$') && /\s$/.test(source))) return undefined;
    return { type: 'mathInline', raw: inline[0], tex: source.trim(), display: false };
  },
  renderer: (token) => mathHtml(token as MathToken),
};

function mathHtml({ tex, display: shown }: MathToken) {
  return `<span class="math" data-display="${shown ? 1 : 0}" data-tex="${escapeAttribute(tex)}"></span>`;
}

function escapeAttribute(text: string) {
  return text
    .replace(/&/g, '&amp;')
    .replace(/"/g, '&quot;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}

type Katex = typeof katexModule;

const drawn = new Map<string, Element>();
const keepDrawn = 300;

/** Half a megabyte that most conversations never need. */
export const katex = new Late(async () => {
  const [{ default: module }] = await Promise.all([
    import('katex'),
    import('katex/dist/katex.min.css'),
  ]);
  return module;
});

/**
 * Draws every formula below `root`. The same formula is laid out once and then copied. Before KaTeX
 * is there, a formula shows its source; the effect that called this is run again when it comes.
 */
export function drawMath(root: ParentNode) {
  const places = root.querySelectorAll<HTMLElement>('span.math[data-tex]');
  const drawing = places.length > 0 ? katex.value : null;
  for (const place of places) {
    const tex = place.dataset['tex'] ?? '';
    const displayMode = place.dataset['display'] === '1';
    const key = `${displayMode ? 1 : 0}${tex}`;
    let formula = drawn.get(key);
    if (!drawing) {
      place.textContent = tex;
      continue;
    }
    if (!formula) {
      formula = draw(drawing, tex, displayMode);
      if (drawn.size >= keepDrawn) drawn.delete(drawn.keys().next().value ?? '');
      drawn.set(key, formula);
    }
    place.replaceChildren(formula.cloneNode(true));
  }
}

function draw(katex: Katex, tex: string, displayMode: boolean): Element {
  const element = document.createElement('span');
  try {
    // Sets styles through the DOM, not as attributes in HTML: works under a strict CSP.
    katex.render(tex.slice(0, 8000), element, {
      displayMode,
      throwOnError: false,
      strict: 'ignore',
      trust: false,
      maxExpand: 300,
      maxSize: 30,
      errorColor: 'var(--text-2)',
    });
    if (!element.querySelector('.katex-error')) return element;
  } catch {
    // KaTeX gives up on some input in its own way; the source is shown either way.
  }
  element.textContent = tex;
  element.className = 'math-source';
  return element;
}
