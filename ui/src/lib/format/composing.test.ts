import { describe, expect, it } from 'vitest';
import type { ContextUse } from '../host/bindings';
import { isPicture } from './attachments';
import { fill, tokensText, type Typed } from './context';
import { isPreset, readSampling, samplingProblem, typedSampling } from './sampling';
import { filledIn, matching, templateQuery } from './templates';

describe('what fills the context', () => {
  const use: ContextUse = {
    nCtx: 1000,
    system: 50,
    history: 600,
    attachments: 100,
    reserve: 100,
    exact: true,
  };
  const typed = (draft: number, change: Partial<Typed> = {}): Typed => ({
    draft: { count: draft, exact: true },
    attachments: { count: 0, exact: true },
    system: null,
    ...change,
  });

  it('adds up to the context as long as it fits', () => {
    const now = fill(use, typed(70, { attachments: { count: 20, exact: true } }))!;
    expect(now.tokens).toEqual({
      system: 50,
      history: 600,
      attachments: 120,
      draft: 70,
      reserve: 100,
      free: 60,
    });
    expect(now).toMatchObject({ used: 840, message: 90, over: 0, overAlone: 0, exact: true });
  });

  it('says by how much it does not fit, and whether leaving out would help', () => {
    expect(fill(use, typed(200))).toMatchObject({ over: 50, overAlone: 0 });
    expect(fill(use, typed(900))).toMatchObject({ over: 750, overAlone: 50 });
  });

  it('is an estimate as soon as one part is', () => {
    expect(fill(use, typed(1, { draft: { count: 1, exact: false } }))?.exact).toBe(false);
    expect(fill({ ...use, exact: false }, typed(1))?.exact).toBe(false);
  });

  it('takes the system prompt of a chat that does not exist yet from the page', () => {
    expect(fill(use, typed(0, { system: { count: 7, exact: true } }))?.tokens.system).toBe(7);
  });

  it('is not known without a model', () => {
    expect(fill({ ...use, nCtx: null }, typed(1))).toBeNull();
  });

  it('is told exactly or with two digits', () => {
    expect(tokensText({ count: 1, exact: true })).toBe('1 token');
    expect(tokensText({ count: 1234, exact: true })).toBe('1,234 tokens');
    expect(tokensText({ count: 1234, exact: false })).toBe('about 1,200 tokens');
  });
});

describe('sampling as it is typed', () => {
  it('is right when empty or within its range', () => {
    expect(samplingProblem('temperature', '')).toBeNull();
    expect(samplingProblem('temperature', '0,7')).toBeNull();
    expect(samplingProblem('temperature', '.5')).toBeNull();
    expect(samplingProblem('topK', '0')).toBeNull();
    expect(samplingProblem('seed', '4294967295')).toBeNull();
  });

  it('says the range where it is wrong', () => {
    expect(samplingProblem('temperature', '5.1')).toMatch(/from 0 to 5/);
    expect(samplingProblem('temperature', 'hot')).toMatch(/number from 0 to 5/);
    expect(samplingProblem('topP', '1.01')).toMatch(/from 0 to 1/);
    expect(samplingProblem('topK', '2.5')).toMatch(/whole number/);
    expect(samplingProblem('repeatPenalty', '0')).toMatch(/from 0.01 to 2/);
    expect(samplingProblem('maxTokens', '0')).toMatch(/from 1/);
    expect(samplingProblem('seed', '-1')).toMatch(/whole number/);
  });

  it('is read as it is shown, without the digits that 32 bits add', () => {
    const typed = typedSampling({ temperature: 0.699999988079071, topK: 40 });
    expect(typed.temperature).toBe('0.7');
    expect(readSampling(typed)).toMatchObject({ temperature: 0.7, topK: 40, seed: null });
    const preset = { id: 'p', name: 'P', system: '', sampling: { temperature: 0.7 } };
    expect(isPreset(preset, { system: '', sampling: { temperature: 0.699999988079071 } })).toBe(
      true,
    );
    expect(isPreset(preset, { system: '', sampling: {} })).toBe(false);
  });
});

describe('templates', () => {
  const list = ['Explain simply', 'Fix my grammar', 'Summarise'].map((name, i) => ({
    id: `t${i}`,
    name,
    text: name,
  }));

  it('are looked for while the message is one line that begins with a slash', () => {
    expect(templateQuery('/')).toBe('');
    expect(templateQuery('/fix my')).toBe('fix my');
    expect(templateQuery(' /fix')).toBeNull();
    expect(templateQuery('/fix\nthis')).toBeNull();
    expect(templateQuery('')).toBeNull();
  });

  it('match when each word begins a word of the name', () => {
    const names = (query: string) => matching(list, query).map((template) => template.name);
    expect(names('')).toHaveLength(3);
    expect(names('gram fi')).toEqual(['Fix my grammar']);
    expect(names('rammar')).toEqual([]);
  });

  it('put the cursor at the mark or at the end', () => {
    const at = (text: string) => filledIn({ id: '', name: '', text });
    expect(at('Explain {cursor} simply')).toEqual({ text: 'Explain  simply', cursor: 8 });
    expect(at('Explain')).toEqual({ text: 'Explain', cursor: 7 });
  });
});

describe('a picture', () => {
  it('is told by its kind or its name', () => {
    expect(isPicture({ name: 'pasted', type: 'image/png' })).toBe(true);
    expect(isPicture({ name: 'cat.JPG', type: '' })).toBe(true);
    expect(isPicture({ name: 'cat.md', type: 'text/markdown' })).toBe(false);
  });
});
