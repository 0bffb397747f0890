import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import sentences from '../../../../tests/fixtures/sentences.json';
import type {
  ApiError,
  Cause,
  Concern,
  Delay,
  ErrorCode,
  GuideRemark,
  Notice,
  Note,
  Quality,
  Reason,
  Remark,
  RemoteProblem,
  Thing,
  VerdictView,
  What,
} from '../host';
import { language, t } from '../i18n';
import { errorWords, kindsWithWords, sayDelay, sayNotice, sayRemoteProblem, tell } from './errors';
import { sayConcern } from './load-notes';
import {
  qualitySentence,
  qualityWord,
  sayGone,
  sayGuideRemark,
  sayNote,
  sayReason,
  sayRemark,
  verdictWord,
} from './reasons';
import { sayCause, sayThing } from './unknowns';

/**
 * Every sentence that Rust says with its values (`crates/core/src/sentences.rs` writes the file),
 * said again here: in English as Rust says it, and in the other languages without its words.
 */
interface Said<Value> {
  what: Value;
  english: string;
  here: () => string;
}

const of = <Value>(list: { said: unknown; english: string }[], say: (value: Value) => string) =>
  list.map(({ said, english }): Said<Value> => {
    const what = said as Value;
    return { what, english, here: () => say(what) };
  });

const errors = sentences.errors as ApiError[];
const wholeOf = (error: ApiError) => {
  const { message, hint } = tell(error);
  return [message, hint].filter(Boolean).join(' ');
};

const all = {
  reasons: of<Reason>(sentences.reasons, sayReason),
  remarks: of<Remark>(sentences.remarks, sayRemark),
  guideRemarks: of<GuideRemark>(sentences.guideRemarks, sayGuideRemark),
  notes: of<Note>(sentences.notes, sayNote),
  gone: of<'rearranged'>(sentences.gone, sayGone),
  qualities: of<Quality>(sentences.qualities, qualityWord),
  qualitySentences: sentences.qualities.map(({ said, sentence }): Said<unknown> => {
    return { what: said, english: sentence, here: () => qualitySentence(said as Quality) };
  }),
  verdicts: of<VerdictView>(sentences.verdicts, verdictWord),
  remoteProblems: of<RemoteProblem>(sentences.remoteProblems, sayRemoteProblem),
  delays: of<Delay>(sentences.delays, sayDelay),
  notices: of<Notice>(sentences.notices, sayNotice),
  things: of<Thing>(sentences.things, sayThing),
  causes: of<Cause>(sentences.causes, sayCause),
  concerns: of<Concern>(sentences.concerns, sayConcern),
  errors: errors.map((error): Said<unknown> => {
    const english = [error.message, error.hint].filter(Boolean).join(' ');
    return { what: error.what, english, here: () => wholeOf(error) };
  }),
};

/** Typographic as the window has it. */
const inPrint = (text: string) => text.replaceAll("'", '’');

/** Each kind once; one that is missing does not compile. */
type Kinds<Union extends { kind: string }> = Record<Union['kind'], true>;
const kindsOf = (list: Said<{ kind: string }>[]) => [...new Set(list.map((s) => s.what.kind))];

describe('the sentences of Rust', () => {
  it('are there for every kind of reason, remark, note, wait and notice', () => {
    const reasons: Kinds<Reason> = {
      onProcessor: true,
      nothingOnGpus: true,
      allOnGpus: true,
      someOnGpus: true,
      quality: true,
      betterDoesNotFit: true,
      betterReadsFromDisk: true,
      betterIsSplit: true,
      betterIsSlower: true,
      noneIsWhole: true,
      wholeIsWorse: true,
      tablesOnProcessor: true,
      tablesOnMetal: true,
      readsFromDisk: true,
      otherIsFaster: true,
      otherIsBetter: true,
      allAreSlow: true,
      nothingFaster: true,
      nothingBetter: true,
      timesAsFast: true,
      speedInstead: true,
    };
    const remarks: Kinds<Remark> = {
      memoryUnknown: true,
      memorySpeedAssumed: true,
      appleShare: true,
      appleShareCanGrow: true,
      gpuMemoryUnknown: true,
      gpuFull: true,
      gpuShared: true,
      gpuSpeedUnknown: true,
    };
    const guide: Kinds<GuideRemark> = {
      oneRow: true,
      tooMany: true,
      tooFew: true,
      memoryTooSmall: true,
    };
    const delays: Kinds<Delay> = {
      unreachable: true,
      silent: true,
      cut: true,
      tooSlow: true,
      proxyLogin: true,
      tooManyRequests: true,
      serverFault: true,
    };
    const notices: Kinds<Notice> = { newVersion: true, onceMore: true, changedMeanwhile: true };
    const concerns: Kinds<Concern> = {
      notEnoughRam: true,
      littleRamLeft: true,
      notEnoughOnGpu: true,
      littleLeftOnGpu: true,
      beyondWorkingSet: true,
      readsFromDisk: true,
    };
    const notes: Kinds<Note> = {
      curiosity: true,
      largeEnds: true,
      oldFormat: true,
      likeAnother: true,
      usual: true,
      asGoodAsFull: true,
      fullPrecision: true,
    };
    const things: Kinds<Thing> = {
      computer: true,
      processorName: true,
      processorCores: true,
      processorAndMemory: true,
      memory: true,
      freeMemory: true,
      disks: true,
      graphicsCards: true,
      nvidiaCard: true,
      nvidiaCardOf: true,
      card: true,
      ofDriver: true,
      ofCard: true,
      ofNvidiaCard: true,
      ofNvidiaCardNumber: true,
    };
    const causes: Kinds<Cause> = {
      notInCpuinfo: true,
      noCores: true,
      noMeminfo: true,
      notInMeminfo: true,
      noMounts: true,
      notTold: true,
      notListed: true,
      lookingFailed: true,
      engineCouldNotLook: true,
      driverSilent: true,
      noNvidiaDriver: true,
      anotherLibrary: true,
      driverDoesNotAnswer: true,
      cardOutOfReach: true,
      driver: true,
      zero: true,
      withoutCuda: true,
      unseenCard: true,
    };
    // A card's name is the same in every language.
    expect([...kindsOf(all.things), 'card'].sort()).toEqual(Object.keys(things).sort());
    expect(kindsOf(all.causes).sort()).toEqual(Object.keys(causes).sort());
    expect(kindsOf(all.reasons).sort()).toEqual(Object.keys(reasons).sort());
    expect(kindsOf(all.remarks).sort()).toEqual(Object.keys(remarks).sort());
    expect(kindsOf(all.guideRemarks).sort()).toEqual(Object.keys(guide).sort());
    expect(kindsOf(all.delays).sort()).toEqual(Object.keys(delays).sort());
    expect(kindsOf(all.notices).sort()).toEqual(Object.keys(notices).sort());
    expect(kindsOf(all.concerns).sort()).toEqual(Object.keys(concerns).sort());
    expect(kindsOf(all.notes).sort()).toEqual(Object.keys(notes).sort());
  });

  it('are there for every kind of error that has words', () => {
    const had = new Set(errors.map(({ what }) => what?.kind));
    expect(had.has(undefined)).toBe(false);
    expect([...kindsWithWords].filter((kind) => !had.has(kind))).toEqual([]);
  });

  it.each(Object.entries(all))('are said in English as Rust says them: %s', (_, list) => {
    for (const { what, english, here } of list)
      expect([what, here()]).toEqual([what, inPrint(english)]);
  });
});

describe.each(['es', 'ar'] as const)('the sentences of Rust in %s', (code) => {
  beforeAll(() => language.set(code));
  afterAll(() => language.set('en'));

  it.each(Object.entries(all))('are there, and not in English: %s', (_, list) => {
    for (const { what, english, here } of list) {
      const said = here();
      expect([what, said]).not.toEqual([what, inPrint(english)]);
      expect(said).not.toMatch(/\{\{|undefined|NaN|\[object|null/);
      expect([said, englishWordsIn(said, JSON.stringify(what))]).toEqual([said, []]);
    }
  });

  it('have the values of the English', () => {
    for (const { what, here } of all.reasons) {
      const said = here();
      const names = Object.entries(what).filter(([key]) =>
        ['quant', 'model', 'instead'].includes(key),
      );
      for (const [, name] of names) expect(said).toContain(name);
    }
  });
});

/** Words in Latin letters that belong to English, but for the values that are names. */
function englishWordsIn(said: string, values: string): string[] {
  const words = said.match(/[A-Za-z]{2,}/g) ?? [];
  return words.filter((word) => ofEnglish.has(word.toLowerCase()) && !values.includes(word));
}

/** The words that most English sentences have some of, without those that Spanish has too. */
const ofEnglish = new Set(
  'the and of to is are was it its that this with for not be there than but by from or on in at which you your more'.split(
    ' ',
  ),
);

describe('an error without words of its own', () => {
  const error: ApiError = {
    code: 'storage',
    message: 'The platter fell off.',
    hint: 'Pick it up.',
    details: null,
  };
  afterAll(() => language.set('en'));

  it('is shown as it is in English, and under words of its kind elsewhere', async () => {
    expect(tell(error)).toEqual({ headline: null, message: error.message, hint: error.hint });
    await language.set('es');
    expect(tell(error)).toEqual({
      headline: 'El disco o la base de datos lo han rechazado.',
      message: error.message,
      hint: error.hint,
    });
    expect(errorWords(error)).toContain(error.message);
  });

  it('has words for every code', async () => {
    const codes: Record<ErrorCode, true> = {
      noModel: true,
      heldBack: true,
      modelRefused: true,
      loadFailed: true,
      engineDied: true,
      engineHung: true,
      promptTooLong: true,
      busy: true,
      notFound: true,
      badInput: true,
      gated: true,
      licenceNotAccepted: true,
      remoteKey: true,
      remoteFailed: true,
      remoteRefused: true,
      storage: true,
      internal: true,
    };
    await language.set('ar');
    for (const code of Object.keys(codes) as ErrorCode[])
      expect(t(`errors.says.${code}`)).toMatch(/\p{Script=Arabic}/u);
  });

  it('counts what a newer Paddock noted as one without', async () => {
    await language.set('en');
    const what = { kind: 'teapot' } as unknown as What;
    expect(tell({ ...error, what }).message).toBe(error.message);
  });
});
