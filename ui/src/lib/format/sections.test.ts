import { describe, expect, it } from 'vitest';
import { plainSummary } from '../host/fake-samples';
import type { ConversationSummary } from '../host/bindings';
import { place, sections, type SectionChoices } from './sections';

const now = new Date(2026, 10, 20, 12).getTime();
const day = 86_400_000;
const choices: SectionChoices = {
  sorting: 'updated',
  nowMs: now,
  closed: new Set(),
  archivedOpen: false,
};

function summary(id: string, fields: Partial<ConversationSummary> = {}): ConversationSummary {
  return {
    id,
    title: id,
    createdAtMs: now,
    updatedAtMs: now,
    preview: '',
    ...plainSummary,
    ...fields,
  };
}

const told = (...args: Parameters<typeof sections>) =>
  sections(...args).map((s) => `${s.key}: ${s.items.map((c) => c.id).join(' ')}`);

describe('the sections of the list', () => {
  const work = { id: 'w', name: 'Work' };

  it('are what is pinned, the folders, the days, and what is archived', () => {
    const list = [
      summary('old', { updatedAtMs: now - 40 * day }),
      summary('filed', { folderId: 'w' }),
      summary('gone', { archived: true, pinned: true }),
      summary('top', { pinned: true, folderId: 'w' }),
      summary('new'),
      summary('yesterday', { updatedAtMs: now - day }),
    ];
    expect(told(list, [work], { ...choices, archivedOpen: true })).toEqual([
      'pinned: top',
      'folder-w: filed',
      'today: new',
      'yesterday: yesterday',
      'older: old',
      'archived: gone',
    ]);
  });

  it('say how many a closed folder holds without showing them', () => {
    const list = [summary('a', { folderId: 'w' }), summary('b', { folderId: 'w' })];
    const [folder] = sections(list, [work], { ...choices, closed: new Set(['folder-w']) });
    expect(folder).toMatchObject({ open: false, count: 2, items: [] });
  });

  it('keep a conversation in sight whose folder is not known', () => {
    expect(told([summary('a', { folderId: 'lost' })], [], choices)).toEqual(['today: a']);
  });

  it('are sorted by creation under the day of creation, and by title under no day', () => {
    const list = [
      summary('b 10', { createdAtMs: now - day }),
      summary('B 9', { createdAtMs: now - 2 * day }),
      summary('a', { createdAtMs: now }),
    ];
    expect(told(list, [], { ...choices, sorting: 'created' })).toEqual([
      'today: a',
      'yesterday: b 10',
      'week: B 9',
    ]);
    expect(told(list, [], { ...choices, sorting: 'title' })).toEqual(['all: a B 9 b 10']);
  });
});

describe('the rows that are drawn', () => {
  const list = Array.from({ length: 1000 }, (_, i) => summary(`c${i}`, { updatedAtMs: now - i }));
  const all = sections(list, [{ id: 'w', name: 'Work' }], choices);

  it('are those near the view, whatever is above and below', () => {
    const { placed, height } = place(all, { top: 3400, height: 340, row: 34, around: 34 });
    expect(height).toBe(34 * 1002);
    expect(placed.map(({ from, to }) => [from, to])).toEqual([
      [0, 0],
      [97, 109],
    ]);
  });

  it('are none of a section that is out of sight', () => {
    const { placed } = place(all, { top: 40_000, height: 340, row: 34, around: 34 });
    expect(placed[1]).toMatchObject({ from: 1000, to: 1000 });
  });
});
