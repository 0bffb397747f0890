import { describe, expect, it } from 'vitest';
import { longConversation } from '../host/fake-samples';
import { groupHeight, groupItems, sectionHeight, sectionsOf } from './conversation-items';

const { messages } = longConversation('s', 200, 1);

describe('the items of a conversation', () => {
  it('are all there once, in their order, in groups and sections', () => {
    const sections = sectionsOf(groupItems(messages, null));
    const items = sections.flatMap(({ groups }) => groups.flatMap((group) => group.items));
    expect(items.map(({ key }) => key)).toEqual(messages.map(({ id }) => id));
    expect(sections).toHaveLength(3);
  });

  it('keep their groups when one more comes', () => {
    const keys = groupItems(messages, null).map(({ key }) => key);
    const more = { ...messages[0]!, id: 'more' };
    expect(groupItems([...messages, more], null).map(({ key }) => key)).toEqual([...keys, 'more']);
  });

  it('have a height before they are drawn, the larger the longer they are', () => {
    const groups = groupItems(messages, null);
    expect(groupHeight(groups[0]!)).toBeGreaterThan(2 * 100);
    const [section] = sectionsOf(groups);
    expect(sectionHeight(section!)).toBeGreaterThan(10 * groupHeight(groups[0]!));
  });

  it('have a line for what was deleted, after what it followed', () => {
    const message = { ...messages[0]!, id: 'gone', parentId: messages[3]!.id };
    const keys = groupItems(messages, { message, after: 2 }).flatMap(({ items }) =>
      items.map(({ key }) => key),
    );
    expect(keys.indexOf('deleted-gone')).toBe(keys.indexOf(messages[3]!.id) + 1);
    const first = { ...message, parentId: null };
    expect(groupItems([], { message: first, after: 0 })[0]?.items).toEqual([
      { kind: 'deleted', key: 'deleted-gone', after: 0 },
    ]);
  });
});
