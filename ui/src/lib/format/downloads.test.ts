import { describe, expect, it } from 'vitest';
import { download, localModel, localModels } from '../../test/downloads';
import {
  ago,
  countdown,
  doneOf,
  groupByPlace,
  percentOf,
  repositoryIn,
  timeLeft,
  together,
} from './downloads';

describe('progress in words', () => {
  it('is never 100 percent before the last byte', () => {
    expect(percentOf(42_499_999_999, 42_500_000_000)).toBe(99);
    expect(percentOf(42_500_000_000, 42_500_000_000)).toBe(100);
    expect(percentOf(0, 0)).toBe(0);
  });

  it('says the unit once where it is the same', () => {
    expect(doneOf(3_100_000_000, 42_500_000_000)).toBe('3.1 of 42.5 GB');
    expect(doneOf(900_000_000, 42_500_000_000)).toBe('900 MB of 42.5 GB');
    expect(doneOf(0, 0)).toBe('Its size is not known yet');
  });

  it.each([
    [3, 'a few seconds left'],
    [42, 'about 40 seconds left'],
    [57, 'about 1 minute left'],
    [90, 'about 2 minutes left'],
    [720, 'about 12 minutes left'],
    [5_500, 'about 1.5 hours left'],
    [7_300, 'about 2 hours left'],
    [50_000, 'about 14 hours left'],
    [260_000, 'about 3 days left'],
  ])('gives %d seconds no more digits than are known', (seconds, words) => {
    expect(timeLeft(seconds)).toBe(words);
  });

  it('counts down to the moment something is tried again, and not where none is set', () => {
    expect(countdown(31_000, 1_000)).toBe('Tries again in 30 seconds.');
    expect(countdown(2_000, 1_000)).toBe('Tries again in 1 second.');
    expect(countdown(601_000, 1_000)).toBe('Tries again in 10 minutes.');
    expect(countdown(1_000, 1_000)).toBe('Trying again now.');
    expect(countdown(null, 1_000)).toBeNull();
  });

  it('is one figure for all that is on its way, and waits only if all of it waits', () => {
    const waits = {
      kind: 'waiting',
      reason: 'offline',
      why: { kind: 'tooSlow', host: 'hub.test' },
      untilMs: null,
    } as const;
    const half = download({ doneBytes: 10, totalBytes: 20 });
    const none = download({ doneBytes: 0, totalBytes: 20, state: waits });
    expect(together([half, none])).toEqual({ percent: 25, waiting: false });
    expect(together([none])).toEqual({ percent: 0, waiting: true });
  });
});

describe('a repository in what somebody typed', () => {
  it.each([
    ['bartowski/Llama-3.3-70B-Instruct-GGUF', 'bartowski/Llama-3.3-70B-Instruct-GGUF'],
    ['https://huggingface.co/Qwen/Qwen2.5-7B/tree/main', 'Qwen/Qwen2.5-7B'],
    ['hf.co/Qwen/Qwen2.5-7B', 'Qwen/Qwen2.5-7B'],
    ['llama 3.3', null],
    ['llama', null],
    ['../etc', null],
  ])('%s is %s', (words, repo) => {
    expect(repositoryIn(words)).toBe(repo);
  });
});

describe('models by place', () => {
  it('are under the folder that is nearest to them', () => {
    const inner = localModel({ path: '/models/extra/b.gguf', source: 'folder' });
    const view = localModels(localModel(), inner);
    view.places.push({
      source: 'folder',
      path: '/models/extra',
      nModels: 1,
      sizeBytes: 1,
      problem: null,
    });
    expect(groupByPlace(view).map(({ place, models }) => [place.path, models.length])).toEqual([
      ['/models', 1],
      ['/models/extra', 1],
    ]);
    expect(groupByPlace(view)[1]!.models[0]).toEqual(inner);
  });

  it('are not taken into a folder that only begins alike', () => {
    const view = localModels(localModel({ path: '/models-old/a.gguf', source: 'folder' }));
    view.places.push({
      source: 'folder',
      path: '/models-old',
      nModels: 1,
      sizeBytes: 1,
      problem: null,
    });
    expect(groupByPlace(view).map(({ models }) => models.length)).toEqual([0, 1]);
  });

  it('are lost nowhere, even if their place has gone', () => {
    const view = localModels(localModel({ path: '/elsewhere/a.gguf' }));
    expect(groupByPlace(view)[0]!.models).toHaveLength(1);
  });
});

it('says how long ago something was changed', () => {
  const day = 86_400_000;
  expect([0, 1, 20, 100, 800].map((days) => ago(0, days * day))).toEqual([
    'today',
    'yesterday',
    '20 days ago',
    '3 months ago',
    '2 years ago',
  ]);
});
