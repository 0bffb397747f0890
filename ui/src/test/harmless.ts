/** What must not be in an answer, whatever a model wrote: what is found of it, in words. */
export function problemsIn(root: Element): string[] {
  const found: string[] = [];
  for (const element of root.querySelectorAll('*')) {
    const name = element.localName;
    if (forbiddenElements.test(name)) found.push(`<${name}>`);
    for (const { name: key, value } of element.attributes) {
      const problem = problemOf(element, key.toLowerCase(), value);
      if (problem) found.push(`${name} ${key}=${value}: ${problem}`);
    }
  }
  return found;
}

const forbiddenElements =
  /^(?:script|noscript|style|i?frame|frameset|portal|object|embed|applet|form|base|meta|link|img|image|picture|source|video|audio|track|template|slot|dialog|details|svelte:.*)$/;
/** Attributes that load or lead somewhere. */
const addresses =
  /^(?:href|xlink:href|src|srcset|srcdoc|data|action|formaction|background|poster|ping|manifest|cite|codebase|archive|target|download|http-equiv)$/;

function problemOf(element: Element, key: string, value: string): string | null {
  if (/^on/.test(key)) return 'runs a script';
  if (addresses.test(key)) return 'loads something or leads somewhere';
  if (key === 'id' || key === 'name') return 'takes the place of a name of the page';
  if (key === 'is' || key === 'slot' || key === 'popover') return 'becomes another element';
  if (key === 'data-url' && !/^(?:https?:\/\/|mailto:)[^\s\p{Cc}]+$/iu.test(value))
    return 'is no address of the web';
  // KaTeX places its parts with styles; they are set one by one and name nothing outside.
  if (key === 'style' && !element.closest('.katex')) return 'has a style';
  if (key === 'style' && /url|image|position:\s*fixed|expression|behavior|@/i.test(value))
    return 'has a style that loads or covers';
  return null;
}
