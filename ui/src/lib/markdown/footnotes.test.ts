import { describe, expect, it } from 'vitest';
import { MarkdownDocument } from './document.svelte';
import { plainText } from './plain';
import { renderBlock, renderMarkdown } from './render';
import { sanitize } from './sanitize';

const text = `A claim.[^1] Another.[^note]

[^1]: Where it comes from, with **weight**.

    A second paragraph.
[^note]: The other one.

And on.
`;

function shown(markdown: string): HTMLElement {
  const document_ = MarkdownDocument.of(markdown);
  const element = document.createElement('div');
  for (const page of document_.pages)
    for (const block of page.blocks)
      element.append(sanitize(renderBlock(block, document_.links, document_.notes)));
  return element;
}

describe('footnotes', () => {
  it('are numbered and lead to each other', () => {
    const element = shown(text);
    const references = [...element.querySelectorAll<HTMLElement>('[data-note]')];
    expect(references.map((r) => r.textContent)).toEqual(['1', '2']);
    expect(references.map((r) => r.dataset['note'])).toEqual(['1', 'note']);
    const notes = [...element.querySelectorAll<HTMLElement>('[data-note-of]')];
    expect(notes.map((n) => n.dataset['noteOf'])).toEqual(['1', 'note']);
    expect(notes[0]?.querySelector('strong')?.textContent).toBe('weight');
    expect(notes[0]?.textContent).toContain('A second paragraph.');
    expect(element.querySelector('[data-note-back="note"]')).not.toBeNull();
    expect(element.querySelector('[id], [href]')).toBeNull();
    expect(element.lastElementChild?.textContent).toBe('And on.');
  });

  it('that are explained nowhere are shown as they were written', () => {
    expect(shown('A claim.[^9]').textContent).toContain('[^9]');
  });

  it('are plain numbers while the answer grows', () => {
    expect(renderMarkdown('A claim.[^1] and')).toContain('<sup>1</sup>');
  });

  it('carry nothing out of their name', () => {
    const element = shown('x[^"><img]\n\n[^"><img]: y');
    expect(element.querySelector('img')).toBeNull();
    expect(element.querySelector('[data-note-of]')?.textContent).toContain('y');
  });
});

describe('plain text', () => {
  it('is what people would have typed', () => {
    const markdown = `<think>no</think># Title

A **bold** [link](https://a.example) and \`code\`, $x^2$.[^1]

- one
- [x] two

  more
1. first

| a | b |
| - | - |
| 1 | 2 |

\`\`\`rust
fn main() {}
\`\`\`

> said

[^1]: why
`;
    expect(plainText(markdown)).toBe(
      [
        'Title',
        'A bold link (https://a.example) and code, x^2.[1]',
        '- one\n- [x] two\n  more',
        '1. first',
        'a\tb\n1\t2',
        'fn main() {}',
        'said',
        '[1] why',
      ].join('\n\n'),
    );
  });
});
