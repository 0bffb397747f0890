import { Late } from '../late.svelte';

/** Code colours. Only languages that are named are coloured: guessing costs time and is often wrong. */
export const highlighter = new Late(async () => (await import('./languages')).default);

const cache = new Map<string, string>();
const keep = 200;
/** Past this size a piece of code is shown plain: colouring it would hold up the window. */
const longest = 32_000;

/** The first word of what stands behind the fence: `rust,ignore` is Rust. */
export function languageName(info: string): string {
  return (/^[\w+#.-]+/.exec(info.trim())?.[0] ?? '').slice(0, 24);
}

/** HTML with every character of the code escaped. Plain until the colours are there. */
export function highlight(code: string, language: string): string {
  const name = language.toLowerCase();
  if (code.length > longest || name === '') return escapeHtml(code);
  const hljs = highlighter.value;
  if (!hljs?.getLanguage(name)) return escapeHtml(code);
  const key = `${name}\n${code}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const html = hljs.highlight(code, { language: name, ignoreIllegals: true }).value;
  if (cache.size >= keep) cache.delete(cache.keys().next().value ?? '');
  cache.set(key, html);
  return html;
}

export function escapeHtml(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}
