import { describe, expect, it } from 'vitest';
import type { Message } from '../host';
import { MessageTree } from './message-tree';

const message = (id: string, parentId: string | null, role: Message['role'] = 'assistant') =>
  ({ id, parentId, role, content: id }) as Message;

describe('a conversation as a tree', () => {
  const tree = new MessageTree([
    message('u1', null, 'user'),
    message('a1', 'u1'),
    message('a2', 'u1'),
    message('u2', 'a1', 'user'),
    message('a3', 'u2'),
  ]);

  it('shows the branch that ends at the head', () => {
    expect(tree.branch('a3').map((m) => m.id)).toEqual(['u1', 'a1', 'u2', 'a3']);
    expect(tree.branch('a2').map((m) => m.id)).toEqual(['u1', 'a2']);
    expect(tree.branch(null)).toEqual([]);
    expect(tree.branch('gone')).toEqual([]);
  });

  it('does not hang on a broken tree', () => {
    const loop = new MessageTree([message('x', 'y'), message('y', 'x')]);
    expect(loop.branch('x').map((m) => m.id)).toEqual(['y', 'x']);
    expect(loop.newestLeaf('x')).toBe('x');
  });

  it('finds the other answers, and where a branch goes on', () => {
    expect(tree.siblings(message('a2', 'u1')).map((m) => m.id)).toEqual(['a1', 'a2']);
    expect(tree.newestLeaf('a1')).toBe('a3');
    expect(tree.newestLeaf('a2')).toBe('a2');
  });

  it('keeps the place of a message that is replaced', () => {
    const changed = new MessageTree([message('a1', 'u1'), message('a2', 'u1')]);
    changed.put({ ...message('a1', 'u1'), content: 'new' });
    expect(changed.siblings(message('a1', 'u1')).map((m) => m.content)).toEqual(['new', 'a2']);
    expect(changed.size).toBe(2);
  });
});
