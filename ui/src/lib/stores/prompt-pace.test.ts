import { describe, expect, it } from 'vitest';
import { PromptPace } from './prompt-pace';

describe('the time a prompt will still take', () => {
  const at = (processed: number) => ({ processed, total: 4000 });

  it('is known from the second event on', () => {
    const pace = new PromptPace();
    expect(pace.note(at(0), 0)).toBeNull();
    expect(pace.note(at(1000), 5000)).toBe(15_000);
  });

  it('does not count what was reused', () => {
    const pace = new PromptPace();
    expect(pace.note(at(3000), 0)).toBeNull();
    expect(pace.note(at(3100), 1000)).toBe(9000);
  });

  it('follows a slower pace without jumping to it', () => {
    const pace = new PromptPace();
    pace.note(at(0), 0);
    pace.note(at(1000), 1000);
    const left = pace.note(at(2000), 3000);
    expect(left).toBeGreaterThan(2000);
    expect(left).toBeLessThan(4000);
  });

  it('is not known when the prompt is counted anew, nor at its end', () => {
    const pace = new PromptPace();
    pace.note(at(0), 0);
    pace.note(at(1000), 1000);
    expect(pace.note(at(500), 2000)).toBeNull();
    pace.note(at(2000), 3000);
    expect(pace.note(at(4000), 4000)).toBeNull();
  });
});
