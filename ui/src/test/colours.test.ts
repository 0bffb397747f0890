import { describe, expect, it } from 'vitest';
import { sources } from './sources';

/** The colours of app.css against each other, as WCAG counts contrast. */

const css = sources(/^app\.css$/)[0]?.[1] ?? '';

type Rgb = [number, number, number];
interface Colour {
  rgb: Rgb;
  alpha: number;
}

/** From OKLCH to linear sRGB, cut to what a screen can show. */
function colour(text: string): Colour {
  const [, l = '0', c = '0', h = '0', alpha = '1'] =
    /oklch\(([\d.]+) ([\d.]+) ([\d.]+)(?: \/ ([\d.]+))?\)/.exec(text) ?? [];
  const angle = (Number(h) * Math.PI) / 180;
  const [a, b] = [Number(c) * Math.cos(angle), Number(c) * Math.sin(angle)];
  const cube = (x: number) => x ** 3;
  const L = cube(Number(l) + 0.3963377774 * a + 0.2158037573 * b);
  const M = cube(Number(l) - 0.1055613458 * a - 0.0638541728 * b);
  const S = cube(Number(l) - 0.0894841775 * a - 1.291485548 * b);
  const rgb = [
    4.0767416621 * L - 3.3077115913 * M + 0.2309699292 * S,
    -1.2684380046 * L + 2.6097574011 * M - 0.3413193965 * S,
    -0.0041960863 * L - 0.7034186147 * M + 1.707614701 * S,
  ].map((x) => Math.min(1, Math.max(0, x))) as Rgb;
  return { rgb, alpha: Number(alpha) };
}

const toScreen = (x: number) => (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);
const fromScreen = (x: number) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);

/** Layers of colour from the lowest up, mixed as the screen mixes them. */
function layered(...layers: Colour[]): Rgb {
  return layers.reduce<Rgb>(
    (below, { rgb, alpha }) =>
      rgb.map((x, i) =>
        fromScreen(toScreen(x) * alpha + toScreen(below[i] ?? 0) * (1 - alpha)),
      ) as Rgb,
    [1, 1, 1],
  );
}

const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(one: Rgb, other: Rgb): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function tokensIn(block: string): Map<string, Colour> {
  return new Map(
    [...block.matchAll(/--([\w-]+): (oklch\([^)]+\));/g)].map(([, name = '', value = '']) => [
      name,
      colour(value),
    ]),
  );
}

const blocks = [...css.matchAll(/:root(\[data-theme='dark'\])? \{([^}]*)\}/g)];
const light = blocks.filter(([, dark]) => !dark).map(([, , block = '']) => tokensIn(block));
const dark = blocks.filter(([, isDark]) => isDark).map(([, , block = '']) => tokensIn(block));
const over = (...maps: (Map<string, Colour> | undefined)[]) =>
  new Map(maps.flatMap((map) => [...(map ?? [])]));

const themes = {
  light: over(light[0]),
  dark: over(light[0], dark[0]),
  'light with more contrast': over(light[0], light[1]),
  'dark with more contrast': over(light[0], dark[0], light[1], dark[1]),
};

const grounds = [
  ['ground'],
  ['side'],
  ['raised'],
  ['sunken'],
  ['ground', 'hover'],
  ['side', 'hover'],
  ['raised', 'hover'],
  ['ground', 'selected'],
  ['side', 'selected'],
  ['raised', 'selected'],
  ['ground', 'accent-soft'],
  ['raised', 'accent-soft'],
  ['ground', 'bad-soft'],
  ['raised', 'bad-soft'],
];
const texts = ['text', 'text-2'];
const marks = ['accent', 'good', 'wait', 'bad'];
const code = [...themes.light.keys()].filter((name) => name.startsWith('code-'));
const plain = grounds.filter(([, layer]) => layer === undefined || layer === 'hover');

const pairs: [string, string[]][] = [
  ...texts.flatMap((text) => grounds.map((ground): [string, string[]] => [text, ground])),
  ...marks.flatMap((text) => plain.map((ground): [string, string[]] => [text, ground])),
  ['accent', ['raised', 'accent-soft']],
  ['accent', ['ground', 'accent-soft']],
  ['bad', ['ground', 'bad-soft']],
  ['on-accent', ['accent']],
  ['on-accent', ['accent-hover']],
  ...code.map((text): [string, string[]] => [text, ['sunken']]),
];

describe.each(Object.entries(themes))('the %s theme', (_name, tokens) => {
  const of = (name: string) => {
    const found = tokens.get(name);
    if (!found) throw new Error(`app.css has no --${name}`);
    return found;
  };

  it.each(pairs)('can be read: %s on %s', (text, ground) => {
    const below = ground.map(of);
    expect(contrast(layered(...below, of(text)), layered(...below))).toBeGreaterThanOrEqual(4.5);
  });

  it.each([['ground'], ['side'], ['raised'], ['sunken']])('shows the focus on %s', (ground) => {
    expect(contrast(layered(of('focus')), layered(of(ground)))).toBeGreaterThanOrEqual(3);
  });
});
