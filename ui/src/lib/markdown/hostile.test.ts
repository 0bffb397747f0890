import { beforeAll, describe, expect, it } from 'vitest';
import { longAnswer } from '../host/fake-answers';
import { problemsIn } from '../../test/harmless';
import { hostileMarkdown } from '../../test/hostile-markdown';
import { MarkdownDocument } from './document.svelte';
import { drawMath, katex } from './math';
import { renderBlock, renderMarkdown } from './render';
import { sanitize } from './sanitize';
import { type Block, splitBlocks } from './splitter';

beforeAll(() => katex.load());

/** Text made to be slow: each unit is repeated until the block is as long as a block can be. */
const units = [
  '*a **b ',
  '_a __b ',
  '[',
  '![',
  '[a](',
  '](',
  '`',
  '`` ` ',
  '$a',
  '$$',
  '\\(',
  '\\[',
  '<a ',
  '<',
  '&',
  '> ',
  '- ',
  '  - ',
  '| a ',
  '|-',
  '~~a ',
  '~',
  '\\',
  'http://a',
  'a@b.',
  '1. ',
  '[a]: ',
  '***',
  '#',
  '\t',
  '<!--',
  '{',
  '}{',
  '*[`_',
  '\n- *',
  '\n> [',
  '\n$$',
  '\n| ',
  '\n\\[',
  '"',
  "'",
  'www.',
  '=\n',
  '--\n',
];

function timed(block: Block): number {
  const began = performance.now();
  renderBlock(block);
  return performance.now() - began;
}

describe('hostile text', () => {
  it('never takes longer than a few frames per block', () => {
    const slow: string[] = [];
    for (const unit of units) {
      const text = unit.repeat(Math.ceil(6000 / unit.length));
      for (const block of splitBlocks(text)) {
        // The best of three: a machine busy with something else must not fail this.
        const ms = Math.min(timed(block), timed(block), timed(block));
        if (ms > 150) slow.push(`${JSON.stringify(unit)}: ${ms.toFixed(0)} ms`);
      }
    }
    expect(slow).toEqual([]);
  });

  it('ordinary text takes a fraction of a frame per block', () => {
    const times = splitBlocks(longAnswer(3000)).map(timed);
    times.sort((a, b) => a - b);
    expect(times[times.length >> 1] ?? 0).toBeLessThan(8);
  });
});

/** How a payload comes: alone, among words, and inside of what a block can be. */
const surroundings: ((payload: string) => string)[] = [
  (payload) => payload,
  (payload) => `text ${payload} text`,
  (payload) => `- ${payload.replace(/\n/g, '\n  ')}`,
  (payload) => `> ${payload.replace(/\n/g, '\n> ')}`,
  (payload) => `**${payload}**\n\n${payload}`,
];

/** The problems of HTML as it would stand in the window. */
function shown(html: string): string[] {
  const root = document.createElement('div');
  root.append(sanitize(html));
  drawMath(root);
  return problemsIn(root);
}

/** An answer that is being written, as it is shown when a third, two thirds and all of it are there. */
function writing(text: string): string {
  const answer = new MarkdownDocument();
  const third = Math.ceil(text.length / 3);
  let html = '';
  for (let at = 0; at < text.length; at += third) {
    answer.push(text.slice(at, at + third));
    if (at + third < text.length) answer.publish();
    else answer.finish();
    const block = answer.pages.at(-1)?.blocks.at(-1);
    if (block) html += renderBlock(block, answer.links);
  }
  return html;
}

describe('an answer that tries to be more than text', () => {
  const kinds = Object.entries(hostileMarkdown);
  const all = kinds.flatMap(([, payloads]) => payloads);

  it('is tried in more than five hundred ways, all of them written out', async () => {
    expect(new Set(all).size).toBeGreaterThanOrEqual(500);
    await expect(`${JSON.stringify(hostileMarkdown, null, 2)}\n`).toMatchFileSnapshot(
      '../../../../tests/fixtures/hostile-markdown.json',
    );
  });

  it.each(kinds)('leaves nothing that runs, loads or leads away: %s', (_, payloads) => {
    for (const payload of payloads) {
      const html = surroundings.map((surround) => renderMarkdown(surround(payload)));
      expect(shown(html.join('')), payload).toEqual([]);
    }
  });

  it.each(kinds)('leaves nothing of the kind while it is written: %s', (_, payloads) => {
    for (const payload of payloads) expect(shown(writing(`text ${payload}`)), payload).toEqual([]);
  });

  it.each(kinds)('is stopped by the sanitiser alone, came it as HTML: %s', (_, payloads) => {
    for (const payload of payloads) expect(shown(payload), payload).toEqual([]);
  });

  it('is seen by this test when the sanitiser lets it through', () => {
    for (const html of [
      '<script>1</script>',
      '<b onclick="alert(1)">x</b>',
      '<img src="x">',
      '<a href="https://evil.example">x</a>',
      '<a data-url="javascript:alert(1)">x</a>',
      '<p style="color: red">x</p>',
      '<sub id="app">x</sub>',
    ]) {
      const root = document.createElement('div');
      root.innerHTML = html;
      expect(problemsIn(root), html).not.toEqual([]);
    }
  });
});
