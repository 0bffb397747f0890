import { describe, expect, it } from 'vitest';
import { longAnswer } from '../host/fake-answers';
import { findLinks, type Links, renderBlock, renderMarkdown } from './render';
import { type Block, BlockSplitter, codeText, splitBlocks } from './splitter';

/** Every shape that begins, ends or goes on in its own way. Random documents are made of these. */
const pieces = [
  'A plain paragraph.',
  'Two lines\nof one paragraph',
  'with a [reference] and **bold** text',
  '# Heading',
  '### Heading 3 #',
  'Underlined\n===',
  'Also underlined\n---',
  '---',
  '- item\n- item',
  '- item\n\n- loose item',
  '* star\n  goes on\n* star',
  '1. one\n2. two',
  '3. three\n   - nested\n   - nested\n4. four',
  '- item\n\n  its second paragraph',
  '- item\n\n  ```rust\n  let x = 1;\n\n  # not a heading\n  ```\n- after',
  '1. step\n```bash\nrun\n```\n2. step',
  '- [ ] open\n- [x] done',
  '> quoted\n> lines',
  '> quoted\nlazy line',
  '> - quoted item\n>\n> ```\n> code\n> ```',
  '```\ncode\n```',
  '```rust\nfn main() {}\n\n// # not a heading\n- not a list\n```',
  '~~~python\nprint("```")\n~~~',
  '````md\n```\ninner\n```\n````',
  '  ```\n  indented fence\n    more\n  ```',
  '```js\nunclosed();',
  '    indented code\n\n    more of it',
  '| a | b |\n| --- | :-: |\n| 1 | 2 |',
  'text before\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 |',
  '$$\nx = y\n- z\n# w\n$$',
  '\\[\na + b\n\\]',
  'inline $a_b$ and \\(c\\) and $5 and $6',
  '$$\nunclosed',
  'text\n$$ e = mc^2 $$\nmore text',
  '<div>\nhtml\n</div>',
  '<!-- comment',
  'line  \nbreak',
  '![picture](https://example.com/a.png)',
  'https://example.com and <https://example.org>',
  '+ plus\n\n\n+ plus',
  '-',
  '10) ten\n11) eleven',
  '*a* _b_ ~~c~~ `d` ``e`f``',
  '\\# not a heading \\* not a star',
  'Äußerst schön, 日本語, emoji 🐎',
  '-not a list',
  '#not a heading',
  '   three spaces',
  '===',
  '**open bold\n\nclosed** bold',
  'a claim[^1] and[^b]',
  '[^1]: a note\ngoes on',
  '[^b]: a note\n\n    its second paragraph\n[^c]: another',
];

/** Small and seeded, so that a failure can be seen again. */
function randomFrom(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

function randomDocument(random: () => number): string {
  const count = 1 + Math.floor(random() * 7);
  const gaps = ['\n', '\n\n', '\n\n', '\n\n', '\n\n\n', '\n \n'];
  let text = '';
  for (let i = 0; i < count; i += 1) {
    text += pieces[Math.floor(random() * pieces.length)] ?? '';
    text += gaps[Math.floor(random() * gaps.length)] ?? '';
  }
  return random() < 0.3 ? text.trimEnd() : text;
}

function pushed(text: string, random: () => number): Block[] {
  const splitter = new BlockSplitter();
  for (let at = 0; at < text.length;) {
    const length = 1 + Math.floor(random() * 12);
    splitter.push(text.slice(at, at + length));
    at += length;
  }
  splitter.finish();
  return splitter.finished;
}

function rendered(blocks: readonly Block[], links?: Links): string {
  return blocks.map((block) => renderBlock(block, links)).join('');
}

/** Blank lines between blocks and blanks at the end of a line carry no meaning. */
function tidy(html: string): string {
  return html
    .replace(/[ \t]+(?=\n|$)/g, '')
    .replace(/\s*\n/g, '\n')
    .replace(/\s+(?=<\/p>)/g, '')
    .trim();
}

describe('the block splitter', () => {
  it('renders every single shape like the whole document', () => {
    for (const piece of pieces) {
      for (const text of [piece, `${piece}\n`, `before\n\n${piece}\n\nafter`, `${piece}\nafter`]) {
        expect(tidy(rendered(splitBlocks(text))), text).toBe(tidy(renderMarkdown(text)));
      }
    }
  });

  it('renders every pair of shapes like the whole document, with and without a blank line', () => {
    for (const first of pieces) {
      for (const second of pieces) {
        for (const gap of ['\n', '\n\n']) {
          const text = first + gap + second;
          expect(tidy(rendered(splitBlocks(text))), text).toBe(tidy(renderMarkdown(text)));
        }
      }
    }
  });

  it('renders random documents like the whole document, whatever the pieces they arrive in', () => {
    const random = randomFrom(7);
    for (let i = 0; i < 3000; i += 1) {
      const text = randomDocument(random);
      expect(tidy(rendered(pushed(text, random))), text).toBe(tidy(renderMarkdown(text)));
    }
  });

  it('shows at every moment what the text so far means', () => {
    const random = randomFrom(11);
    for (let i = 0; i < 150; i += 1) {
      const text = randomDocument(random);
      const splitter = new BlockSplitter();
      for (let at = 0; at < text.length; at += 1) {
        splitter.push(text[at] ?? '');
        const blocks = splitter.open ? [...splitter.finished, splitter.open] : splitter.finished;
        const soFar = text.slice(0, at + 1);
        expect(tidy(rendered(blocks)), JSON.stringify(soFar)).toBe(tidy(renderMarkdown(soFar)));
      }
    }
  });

  it('never changes a finished block and never reuses its id', () => {
    const splitter = new BlockSplitter();
    const seen = new Map<number, string>();
    for (const character of longAnswer(600)) {
      splitter.push(character);
      for (const block of splitter.finished) {
        const text = block.kind === 'code' ? codeText(block) : block.text;
        expect(seen.get(block.id) ?? text).toBe(text);
        seen.set(block.id, text);
      }
    }
    expect(seen.size).toBe(splitter.finished.length);
  });

  it('resolves references to definitions that come later', () => {
    const text = 'See [the book][b].\n\nMore.\n\n[b]: https://example.com/book\n';
    const blocks = splitBlocks(text);
    const links = blocks.map((b) => (b.kind === 'text' ? findLinks(b.text) : null)).find(Boolean);
    expect(links).toBeTruthy();
    expect(tidy(rendered(blocks, links ?? undefined))).toBe(tidy(renderMarkdown(text)));
  });

  it('keeps code exactly, also without a closing fence', () => {
    const code = 'fn main() {\n\n    println!("`" );\n}\n\n';
    const closed = splitBlocks(`\`\`\`rust\n${code}\`\`\`\n`)[0];
    const open = splitBlocks(`\`\`\`rust\n${code}`)[0];
    expect(closed?.kind === 'code' && codeText(closed)).toBe(code.slice(0, -1));
    expect(open?.kind === 'code' && codeText(open)).toBe(code.slice(0, -1));
  });

  it('keeps every block small enough to be parsed in one frame', () => {
    const list = Array.from({ length: 3000 }, (_, i) => `- item ${i} with some words`).join('\n');
    const rows = Array.from({ length: 3000 }, (_, i) => `| ${i} | some words |`).join('\n');
    const prose = 'Some words that go on. '.repeat(3000);
    const quote = '> quoted words\n'.repeat(3000);
    for (const text of [
      list,
      `| a | b |\n| --- | --- |\n${rows}`,
      prose,
      quote,
      'x'.repeat(50_000),
    ]) {
      for (const block of splitBlocks(text)) {
        expect(block.kind === 'text' ? block.text.length : 0).toBeLessThan(11_000);
      }
    }
  });

  it('gives the rest of a very long table its head again', () => {
    const rows = Array.from({ length: 800 }, (_, i) => `| ${i} | some words |`).join('\n');
    const blocks = splitBlocks(`| a | b |\n| --- | --- |\n${rows}\n`);
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) expect(renderBlock(block)).toContain('<table>');
    const cells = rendered(blocks).match(/<td>\d+<\/td>/g) ?? [];
    expect(cells.length).toBe(800);
  });

  it('cuts long code into chunks of whole lines', () => {
    const line = 'let x = 1;\n';
    const block = splitBlocks(`\`\`\`rust\n${line.repeat(1000)}\`\`\`\n`)[0];
    if (block?.kind !== 'code') throw new Error('not code');
    expect(block.chunks.length).toBeGreaterThan(10);
    for (const chunk of block.chunks) expect(chunk.endsWith('\n')).toBe(true);
    expect(codeText(block)).toBe(line.repeat(1000).trimEnd());
  });

  it('takes a hundred thousand tokens in small pieces without slowing down', () => {
    const text = longAnswer(100_000);
    const splitter = new BlockSplitter();
    const times: number[] = [];
    for (let at = 0; at < text.length; at += 20_000) {
      const began = performance.now();
      for (let i = at; i < at + 20_000; i += 5) splitter.push(text.slice(i, i + 5));
      times.push(performance.now() - began);
    }
    const half = Math.floor(times.length / 2);
    const median = (list: number[]) => [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;
    expect(median(times.slice(half))).toBeLessThan(median(times.slice(0, half)) * 3 + 5);
  });
});
