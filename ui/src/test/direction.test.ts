import { describe, expect, it } from 'vitest';
import { sources } from './sources';

/** The window turns around for a language that runs from right to left; so its CSS says start and end. */

/** A physical word is right where it is measured on the screen, or where the writing never turns. */
const reasons: Record<string, string> = {
  'components/shared/LinkCard.svelte': 'is put where its link was measured to be',
  'components/shared/Menu.svelte': 'is put where its button was measured to be',
  'components/chat/FileDrop.svelte': 'covers what was measured',
  'components/chat/answer.css': 'a column that the text aligns right is right',
};

const physical: [RegExp, string][] = [
  [
    /(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b/,
    'use -inline-start and -inline-end',
  ],
  [/(?<![\w-])(?:left|right)\s*:/, 'use inset-inline-start and inset-inline-end'],
  [/border-(?:top|bottom)-(?:left|right)-radius/, 'use border-start-start-radius and its like'],
  [/text-align\s*:\s*(?:left|right)/, 'use start and end'],
  [/(?:float|clear)\s*:\s*(?:left|right)/, 'use inline-start and inline-end'],
  [/style:(?:left|right)=/, 'use style:inset-inline-start'],
  [
    /(?<![\w-])translate\s*:(?!\s*(?:none|calc\([^;]*--forward|0\b))[^;]+;/,
    'multiply by --forward',
  ],
];

/** `padding: 1 2 3 4` with a second that is not the fourth has a left and a right. */
const lopsided =
  /(?<![\w-])(margin|padding|inset|border-radius|border-width)\s*:\s*(\S+) (\S+) (\S+) (\S+)\s*;/g;

function cssOf(file: string, source: string): string {
  const css = file.endsWith('.css') ? source : (/<style>([^]*)<\/style>/.exec(source)?.[1] ?? '');
  const inline = [...source.matchAll(/style:[\w-]+=/g)].map(([text]) => text).join('\n');
  return `${css.replace(/\/\*[^]*?\*\//g, '')}\n${inline}`;
}

function faults(file: string, source: string): string[] {
  const css = cssOf(file, source);
  const words = physical.flatMap(([pattern, instead]) => {
    const match = pattern.exec(css);
    return match ? [`${match[0].trim()}: ${instead}`] : [];
  });
  for (const [text, property, a, b, c, d] of css.matchAll(lopsided)) {
    const even = property === 'border-radius' ? a === b && c === d : b === d;
    if (!even) words.push(`${text}: use -block and -inline`);
  }
  return words;
}

const all = sources(/\.(svelte|css)$/).map(
  ([path, source]) => [path, faults(path, source)] as const,
);

/** Radio buttons, switches, sliders and files have no text in them. */
const withoutText = /type="(?:radio|checkbox|range|file)"/;
const fields = sources(/\.svelte$/).flatMap(([path, source]) =>
  [...source.matchAll(/<(?:input|textarea)\b(?:\{[^}]*\}|=>|[^>])*>/g)]
    .map(([tag]) => [path, tag] as const)
    .filter(([, tag]) => !withoutText.test(tag)),
);

describe('a field that is typed in', () => {
  // An address turned around cannot be read, and a full stop at the wrong end of a sentence disturbs.
  it('says which way its text runs: its own way, or as addresses and numbers do', () => {
    expect(fields.length).toBeGreaterThan(15);
    expect(fields.filter(([, tag]) => !/\sdir="(?:auto|ltr)"/.test(tag))).toEqual([]);
  });
});

describe('the keys of a shortcut', () => {
  it('are written from left to right, as on the keyboard', () => {
    const shown = sources(/\.svelte$/).flatMap(([path, source]) =>
      [...source.matchAll(/<[^<>]*>\{keysText\(/g)].map(([tag]) => [path, tag] as const),
    );
    expect(shown.length).toBeGreaterThan(3);
    expect(shown.filter(([, tag]) => !tag.includes('dir="ltr"'))).toEqual([]);
  });
});

describe('the CSS', () => {
  it('speaks of start and end, not of left and right', () => {
    const excused = (file: string) => file in reasons;
    expect(all.filter(([file, found]) => found.length > 0 && !excused(file))).toEqual([]);
  });

  it('is excused only where it needs to be', () => {
    const excused = Object.keys(reasons);
    const needed = all.filter(([, found]) => found.length > 0).map(([file]) => file);
    expect(excused.filter((file) => !needed.includes(file))).toEqual([]);
  });
});
