import { describe, expect, it } from 'vitest';
import { sources } from '../../test/sources';
import { ar } from './ar';
import { en } from './en';
import { es } from './es';

interface Tree {
  readonly [key: string]: string | Tree;
}

/** Every key with its words, as `sidebar.newChat`. */
function flat(tree: Tree, before = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set(before + key, value);
    else for (const entry of flat(value, `${before}${key}.`)) found.set(...entry);
  }
  return found;
}

const form = /_(zero|one|two|few|many|other)$/;
const unformed = (key: string) => key.replace(form, '');
/** The values a word asks for, once each; how often and in which order is up to the language. */
const values = (words: string) =>
  [...new Set([...words.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]))].sort();

const english = flat(en);
const others = { es: flat(es), ar: flat(ar) };

/** Everything in the window that may ask for a word. */
const source = sources(/\.(ts|svelte)$/)
  .filter(([path]) => !/\.test\.ts$|^lib\/i18n\//.test(path))
  .map(([, text]) => text)
  .join('\n');

describe.each(Object.entries(others))('the words of %s', (code, words) => {
  it('are those of English, no more and no fewer', () => {
    expect([...new Set([...words.keys()].map(unformed))].sort()).toEqual(
      [...new Set([...english.keys()].map(unformed))].sort(),
    );
  });

  it('have every plural form of the language', () => {
    const forms = new Intl.PluralRules(code).resolvedOptions().pluralCategories.toSorted();
    const counted = [...english.keys()].filter((key) => form.test(key)).map(unformed);
    for (const key of counted) {
      const had = [...words.keys()]
        .filter((k) => unformed(k) === key)
        .map((k) => form.exec(k)?.[1]);
      expect([key, ...had.toSorted()]).toEqual([key, ...forms]);
    }
  });

  it('ask for the same values as English', () => {
    for (const [key, said] of words) {
      const own = values(said);
      const wanted = values(english.get(key) ?? english.get(`${unformed(key)}_other`) ?? '');
      // A word for one, two or none may say so without the figure.
      const optional = form.test(key) ? ['count', 'value', 'tokens'] : [];
      const missing = wanted.filter((v) => !own.includes(v) && !optional.includes(v ?? ''));
      expect([key, missing, own.filter((v) => !wanted.includes(v))]).toEqual([key, [], []]);
    }
  });

  it('are not left empty, and not in English where they could be translated', () => {
    const same = [...words].filter(
      ([key, said]) => said.trim() === '' || said === english.get(key),
    );
    // Names, units, and what has to be said in these words: the licence's, and the self-test model's.
    const stays =
      /^(app\.name|attach\.(pdf|docx)|sampling\.(topP|topK|minP)|gauge\.(figure|tokens|part)|conversation\.(kind\.(pdf|docx)|tokens|seconds|minutes)|settingsView\.section\.(general|chat)|general\.(percent|motionFull)|backups\.line|about\.llama|bench\.form\.|units\.|context\.figure|metrics\.|token\.placeholder|howDownloads\.limitUnit|loading\.(seconds|minutes)|loadingSettings\.ramUnit|firstRun\.(llama|question)|licence\.built|parts\.(label|app|kv)|library\.source\.|(find|quants)\.speed|quants\.name|computer\.(cuda|sizeOnly)|(downloads|library)\.(forOne|saidVerified)|downloads\.(percent|wordPercent)|message\.siblingOf|other\.gpuMemory|ofComputer\.(gpu|ssd)|things\.and|yourModel\.(preset|contextValue))/;
    expect(same.map(([key]) => key).filter((key) => !stays.test(key))).toEqual([]);
  });
});

describe('the words of English', () => {
  it('are all asked for somewhere', () => {
    const literal = new Set(
      [...source.matchAll(/['"`]([a-z]\w*(?:\.\w+)+)['"`]/gi)].map((match) => match[1]),
    );
    /** Keys that are put together, as `theme.${theme}`. */
    const made = [...source.matchAll(/`((?:[\w.]|\$\{[^}`]*\})+)`/g)]
      .map(([, key = '']) => key)
      .filter((key) => key.includes('${') && key.replace(/\$\{[^}]*\}/g, '').includes('.'))
      .map((key) => key.replace(/\$\{[^}]*\}/g, '\0').replaceAll('.', '\\.'))
      .map((key) => new RegExp(`^${key.replaceAll('\0', '(\\w+)')}$`));
    // What fills the gap of such a key is written somewhere as a word of its own.
    const names = new Set(
      [...source.matchAll(/['"`](\w+)['"`]|\b(\w+)\s*:/g)].map((match) => match[1] ?? match[2]),
    );
    const isMade = (key: string) =>
      made.some((pattern) =>
        pattern
          .exec(key)
          ?.slice(1)
          .every((name) => names.has(name)),
      );
    const unused = [...english.keys()].map(unformed).filter((k) => !literal.has(k) && !isMade(k));
    expect(unused).toEqual([]);
  });
});
