/**
 * The shape of a translation: every key of the English words, no other, and of each word that is
 * counted as many forms as the language has. A missing word does not compile.
 */
export type Words<English, Plural extends string> = {
  readonly [
    Key in keyof English as Key extends `${infer Counted}_${'one' | 'other'}`
      ? `${Counted}_${Plural}`
      : Key
  ]: English[Key] extends string ? string : Words<English[Key], Plural>;
};

/** Spanish has a form of its own for whole millions: "un millón de tokens". */
export type Spanish<English> = Words<English, 'one' | 'many' | 'other'>;

/** None, one, a pair, 3 to 10, 11 to 99, and the rest. */
export type Arabic<English> = Words<English, 'zero' | 'one' | 'two' | 'few' | 'many' | 'other'>;
