import { describe, expect, it } from 'vitest';
import { ThinkingSplitter, withoutThinking } from './thinking';

function parts(text: string, size: number) {
  const splitter = new ThinkingSplitter();
  let thought = '';
  let said = '';
  for (let at = 0; at < text.length; at += size) {
    const next = splitter.push(text.slice(at, at + size));
    thought += next.thought;
    said += next.said;
  }
  const { inside } = splitter;
  const rest = splitter.finish();
  return { thought: (thought + rest.thought).trimStart(), said: said + rest.said, inside };
}

describe('what the model thought', () => {
  it.each([1, 3, 1000])('is taken out, however the text is cut (%i characters)', (size) => {
    const text = '<think>\nIs 1 < 2? a </b> c\n</think>\n\nYes.';
    expect(parts(text, size)).toEqual({
      thought: 'Is 1 < 2? a </b> c\n',
      said: 'Yes.',
      inside: false,
    });
  });

  it.each([1, 1000])('may be called thinking, and come twice (%i characters)', (size) => {
    const text = '<thinking>one</thinking>\n<think>two</think>said';
    expect(parts(text, size)).toEqual({ thought: 'one\n\ntwo', said: 'said', inside: false });
  });

  it.each([1, 1000])('is still going on as long as it is not closed (%i characters)', (size) => {
    expect(parts('<think>well, </thi', size)).toEqual({
      thought: 'well, </thi',
      said: '',
      inside: true,
    });
  });

  it.each(['Use `<think>` here.', 'a\n<think>b</think>', '<thinker>x', '  indented', '<b>x</b>'])(
    'is not read into %s',
    (text) => {
      expect(parts(text, 1)).toEqual({ thought: '', said: text, inside: false });
      expect(withoutThinking(text)).toBe(text);
    },
  );
});
