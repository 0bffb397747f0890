import { describe, expect, it } from 'vitest';
import type { EngineState } from '../host/bindings';
import { dayGroup, groupByDay } from './days';
import { loadRemaining, statusText } from './engine-status';
import { errorAction } from './error-action';
import { readSettings, settingsProblem } from './load-settings';
import { aboutSeconds, bytes, numberToType, tokensShort, typedNumber } from './numbers';

describe('numbers', () => {
  it('gives sizes in decimal units', () => {
    expect(bytes(0)).toBe('0 B');
    expect(bytes(999)).toBe('999 B');
    expect(bytes(2_700_000)).toBe('2.7 MB');
    expect(bytes(34_300_000_000)).toBe('34.3 GB');
    expect(bytes(1_000_000_000_000)).toBe('1 TB');
  });

  it('shortens token counts as people say them', () => {
    expect(tokensShort(512)).toBe('512');
    expect(tokensShort(1234)).toBe('1.2k');
    expect(tokensShort(8192)).toBe('8k');
    expect(tokensShort(131_072)).toBe('128k');
  });

  it('reads what is typed with a comma, with a point and in Arabic digits', () => {
    expect(['0.7', ' 0,7 ', '٠٫٧', '۰٫۷'].map((text) => Number(typedNumber(text)))).toEqual([
      0.7, 0.7, 0.7, 0.7,
    ]);
    expect(typedNumber('٤٠٩٦')).toBe('4096');
    expect(Number(typedNumber('1,2,3'))).toBeNaN();
    expect(numberToType(0.30000001192092896)).toBe('0.3');
  });

  it('rounds estimates to two digits at most', () => {
    expect(aboutSeconds(0.2)).toBe('about 1 s');
    expect(aboutSeconds(42.4)).toBe('about 42 s');
    expect(aboutSeconds(1234)).toBe('about 21 min');
  });
});

describe('the days of the sidebar', () => {
  const now = new Date(2026, 10, 21, 0, 30).getTime();
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime();

  it('begin at midnight, not 24 hours ago', () => {
    expect(dayGroup(at(21, 0), now)).toBe('today');
    expect(dayGroup(at(20, 23), now)).toBe('yesterday');
    expect(dayGroup(at(20, 0), now)).toBe('yesterday');
    expect(dayGroup(at(19, 23), now)).toBe('week');
    expect(dayGroup(at(14, 1), now)).toBe('week');
    expect(dayGroup(at(13, 23), now)).toBe('older');
  });

  it('call a moment in the future today', () => {
    expect(dayGroup(now + 3_600_000, now)).toBe('today');
  });

  it('leave out groups without conversations', () => {
    const groups = groupByDay([{ updatedAtMs: at(13, 1) }, { updatedAtMs: now }], now);
    expect(groups.map((g) => g.group)).toEqual(['today', 'older']);
  });
});

describe('the engine pill', () => {
  const model = { nCtx: 512 } as never;

  it('says each state in a word or two', () => {
    const states: [EngineState, string][] = [
      [{ status: 'noModel' }, 'No model'],
      [
        { status: 'loading', path: '', name: '', phase: 'starting', fraction: 0, elapsedMs: 0 },
        'Loading',
      ],
      [
        { status: 'loading', path: '', name: '', phase: 'reading', fraction: 0.425, elapsedMs: 0 },
        'Loading 42 %',
      ],
      [
        { status: 'loading', path: '', name: '', phase: 'reading', fraction: NaN, elapsedMs: 0 },
        'Loading 0 %',
      ],
      [{ status: 'ready', model }, 'Ready'],
      [
        { status: 'understanding', model, conversationId: '', processed: 12, total: 39, cached: 0 },
        'Understanding 12 of 39',
      ],
      [
        { status: 'understanding', model, conversationId: '', processed: 0, total: 0, cached: 0 },
        'Understanding',
      ],
      [{ status: 'writing', model, conversationId: '' }, 'Writing'],
      [{ status: 'failed', path: null, name: null, error: {} as never }, 'Failed'],
    ];
    for (const [state, text] of states) expect(statusText(state)).toBe(text);
  });

  it('estimates the rest of a load only once there is something to judge by', () => {
    expect(loadRemaining(0.01, 5000)).toBeNull();
    expect(loadRemaining(0.5, 200)).toBeNull();
    expect(loadRemaining(0.25, 4000)).toBe('about 12 s left');
    expect(loadRemaining(1, 4000)).toBeNull();
  });
});

describe('load settings', () => {
  it('take an empty field for automatic', () => {
    expect(readSettings({ nCtx: '', nGpuLayers: ' ', nThreads: '8' })).toEqual({
      nCtx: null,
      nGpuLayers: null,
      nThreads: 8,
    });
  });

  it.each(['-1', '1.5', 'many', '1e4', '127', '99999999'])(
    'refuse a context length of %s',
    (typed) => {
      expect(settingsProblem('nCtx', typed)).toContain('128');
      expect(readSettings({ nCtx: typed, nGpuLayers: '', nThreads: '' })).toBeNull();
    },
  );

  it('take zero GPU layers, which is none at all', () => {
    expect(settingsProblem('nGpuLayers', '0')).toBeNull();
    expect(settingsProblem('nThreads', '0')).not.toBeNull();
  });
});

describe('the button of an error', () => {
  it('is what the reader can do about it', () => {
    expect(errorAction('engineDied')).toBe('tryAgain');
    expect(errorAction('engineHung')).toBe('tryAgain');
    expect(errorAction('promptTooLong')).toBe('newChat');
    expect(errorAction('modelRefused')).toBe('chooseModel');
    expect(errorAction('loadFailed')).toBe('chooseModel');
    expect(errorAction('storage')).toBe('dismiss');
  });
});
