import { describe, expect, it } from 'vitest';
import { TemplateChoice } from './template-choice.svelte';

const list = ['Explain simply', 'Summarise'].map((name) => ({ id: name, name, text: name }));
const key = (name: string, change: Partial<KeyboardEvent> = {}) =>
  ({ key: name, shiftKey: false, ...change }) as KeyboardEvent;

function choice(draft: string, canManage = true) {
  return new TemplateChoice({ draft: () => draft, list: () => list, canManage: () => canManage });
}

describe('the choice of a template', () => {
  it('goes around: after the last template comes the way to manage them, then the first', () => {
    const menu = choice('/');
    expect(menu.key(key('ArrowDown'))).toBe('done');
    expect(menu.key(key('Enter'))).toBe(list[1]);
    menu.key(key('ArrowDown'));
    expect(menu.key(key('Enter'))).toBe('manage');
    menu.key(key('ArrowDown'));
    expect(menu.key(key('Tab'))).toBe(list[0]);
    menu.key(key('ArrowUp'));
    expect(menu.at).toBe(2);
  });

  it('has no way to manage them where there is none', () => {
    const menu = choice('/', false);
    menu.key(key('ArrowUp'));
    expect(menu.key(key('Enter'))).toBe(list[1]);
  });

  it('leaves keys alone while no template is meant', () => {
    expect(choice('hello').key(key('Enter'))).toBeNull();
    expect(choice('/nothing like it').key(key('Enter'))).toBeNull();
    expect(choice('/').key(key('Enter', { shiftKey: true }))).toBeNull();
  });

  it('is put away until there is no slash any more', () => {
    const menu = choice('/');
    expect(menu.key(key('Escape'))).toBe('done');
    expect(menu.open).toBe(false);
    menu.noteDraft();
    expect(menu.open).toBe(false);
  });
});
