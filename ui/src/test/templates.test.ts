import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';
import { sources } from './sources';

/** What is written in the components themselves. Words belong in `lib/i18n`. */

type Node = Record<string, unknown> & { type?: string };

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const letters = /\p{L}/u;
/** An address is the same in every language. */
const isWords = (text: unknown) =>
  typeof text === 'string' && letters.test(text) && !/^https?:\/\/\S+$/.test(text);

/** Attributes that are read or shown, and what our own components call theirs. */
const said =
  /^(aria-(label|description|valuetext|roledescription|placeholder)|title|placeholder|alt|label|hint|text|name|dismissLabel)$/;

/** The strings an expression can turn out to be, as far as it says so itself. */
function stringsOf(expression: unknown): unknown[] {
  if (!isNode(expression)) return [];
  switch (expression.type) {
    case 'Literal':
      return [expression['value']];
    case 'TemplateLiteral':
      return (expression['quasis'] as { value: { cooked: string } }[]).map((q) => q.value.cooked);
    case 'ConditionalExpression':
      return [...stringsOf(expression['consequent']), ...stringsOf(expression['alternate'])];
    case 'LogicalExpression':
      return [...stringsOf(expression['left']), ...stringsOf(expression['right'])];
    case 'BinaryExpression':
      return expression['operator'] === '+'
        ? [...stringsOf(expression['left']), ...stringsOf(expression['right'])]
        : [];
    default:
      return [];
  }
}

function literalsIn(node: unknown, found: string[]) {
  if (Array.isArray(node)) {
    for (const one of node) literalsIn(one, found);
    return;
  }
  if (!isNode(node)) return;
  if (node.type === 'Attribute') {
    // `name` is a group of radio buttons or an icon on most elements; only our own words count.
    if (typeof node['name'] === 'string' && said.test(node['name']) && node['name'] !== 'name')
      literalsIn(node['value'], found);
    return;
  }
  // A length is no word.
  if (node.type === 'StyleDirective') return;
  if (node.type === 'Text' && isWords(node['data'])) found.push(String(node['data']).trim());
  if (node.type === 'ExpressionTag')
    found.push(...stringsOf(node['expression']).filter(isWords).map(String));
  for (const [key, value] of Object.entries(node))
    if (key !== 'expression' && key !== 'metadata') literalsIn(value, found);
}

describe('a component', () => {
  it.each(sources(/\.svelte$/))('has no words of its own: %s', (_path, source) => {
    const found: string[] = [];
    literalsIn(parse(source, { modern: true }).fragment, found);
    expect(found).toEqual([]);
  });
});
