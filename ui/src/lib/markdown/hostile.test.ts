import { describe, expect, it } from 'vitest';
import { longAnswer } from '../host/fake-answers';
import { renderBlock } from './render';
import { type Block, splitBlocks } from './splitter';

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
