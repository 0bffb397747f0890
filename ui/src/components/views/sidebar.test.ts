import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { fakeError } from '../../lib/host/fake-script';
import { sampleConversations } from '../../lib/host/fake-samples';
import { conversation, manyConversations } from '../../test/conversations';
import { startedApp } from '../../test/hosts';

async function opened(...[options = {}, change = {}]: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const conversations = sampleConversations(Date.now());
  const { app, host } = await startedApp({ conversations, ...options }, change);
  render(App, { app });
  await tick();
  return { app, host, user };
}

type User = ReturnType<typeof userEvent.setup>;

const items = () => screen.getAllByTestId('conversation-item');
const row = (title: string) => items().find((item) => item.textContent?.includes(title))!;
const section = (kind: string) =>
  screen.getAllByTestId('section').find((s) => s.dataset['section'] === kind)!;

/** Opens the menu of a conversation and chooses in it. */
async function choose(user: User, title: string, ...path: string[]) {
  const li = row(title).closest('li')!;
  await user.click(within(li).getByTestId('conversation-menu'));
  for (const testId of path) await user.click(screen.getByTestId(testId));
}

async function newFolder(user: User, name: string) {
  await user.click(screen.getByTestId('list-menu'));
  await user.click(screen.getByTestId('new-folder'));
  await user.keyboard(`${name}{Enter}`);
  await waitFor(() => expect(screen.getByTestId('folder-toggle').textContent).toContain(name));
}

describe('the list of conversations', () => {
  it('keeps what is pinned at the top', async () => {
    const { user, app } = await opened();
    await choose(user, 'Rust lifetimes', 'conversation-pin');
    expect(section('pinned').textContent).toContain('Rust lifetimes');
    expect(app.announcer.text).toContain('Pinned: Rust lifetimes');
    await waitFor(() => expect(document.activeElement).toBe(row('Rust lifetimes')));
    await choose(user, 'Rust lifetimes', 'conversation-pin');
    expect(screen.getAllByTestId('section').map((s) => s.dataset['section'])).not.toContain(
      'pinned',
    );
  });

  it('takes a pin back that could not be stored, and says so', async () => {
    const { user } = await opened(
      {},
      { pinConversation: () => Promise.reject(fakeError('storage')) },
    );
    await choose(user, 'Rust lifetimes', 'conversation-pin');
    await waitFor(() =>
      expect(screen.getAllByTestId('section').map((s) => s.dataset['section'])).not.toContain(
        'pinned',
      ),
    );
    expect(screen.getAllByTestId('error-card')[0]?.textContent).toContain('disk is full');
  });

  it('puts what is archived behind a row at its end', async () => {
    const { user } = await opened();
    await choose(user, 'Rust lifetimes', 'conversation-archive');
    expect(items().some((i) => i.textContent?.includes('Rust lifetimes'))).toBe(false);
    const toggle = screen.getByTestId('archived-toggle');
    expect(toggle.textContent).toContain('1');
    expect(toggle.getAttribute('aria-expanded')).toBe('false');
    expect(screen.getAllByTestId('section').at(-1)?.contains(toggle)).toBe(true);
    await user.click(toggle);
    await choose(user, 'Rust lifetimes', 'conversation-archive');
    expect(screen.queryByTestId('archived-toggle')).toBeNull();
  });

  it('makes a folder, moves into it, tells how many are in it and folds it', async () => {
    const { user } = await opened();
    await newFolder(user, 'Physics');
    const li = row('Quantum').closest('li')!;
    await user.click(within(li).getByTestId('conversation-menu'));
    await user.click(screen.getByTestId('conversation-move'));
    const places = screen.getAllByTestId('move-to');
    expect(places.map((p) => p.getAttribute('aria-checked'))).toEqual(['true', 'false']);
    await user.click(places[1]!);
    expect(section('folder').textContent).toContain('Quantum things');
    const toggle = screen.getByTestId('folder-toggle');
    expect(toggle.textContent).toContain('1 conversation');
    await user.click(toggle);
    expect(section('folder').textContent).not.toContain('Quantum things');
    expect(localStorage.getItem('paddock.sidebarClosed')).toContain('folder-');
  });

  it('moves a conversation into a folder that is made on the way', async () => {
    const { user } = await opened();
    await choose(user, 'Quantum', 'conversation-move', 'move-new-folder');
    await user.keyboard('Physics{Enter}');
    await waitFor(() => expect(section('folder').textContent).toContain('Quantum things'));
  });

  it('takes a conversation that is dropped on a folder', async () => {
    const { user } = await opened();
    await newFolder(user, 'Physics');
    await fireEvent.dragStart(row('Quantum').closest('li')!);
    await fireEvent.dragOver(screen.getByTestId('folder'));
    await fireEvent.drop(screen.getByTestId('folder'));
    await waitFor(() => expect(section('folder').textContent).toContain('Quantum things'));
  });

  it('renames a folder, and deletes it without what is in it', async () => {
    const { user } = await opened();
    await choose(user, 'Quantum', 'conversation-move', 'move-new-folder');
    await user.keyboard('Physics{Enter}');
    await waitFor(() => expect(section('folder')).toBeTruthy());
    await user.click(screen.getByTestId('folder-menu'));
    await user.click(screen.getByTestId('folder-rename'));
    await user.keyboard('Nature{Enter}');
    await waitFor(() =>
      expect(screen.getByTestId('folder-toggle').textContent).toContain('Nature'),
    );
    await user.click(screen.getByTestId('folder-menu'));
    await user.click(screen.getByTestId('folder-delete'));
    await waitFor(() => expect(screen.queryByTestId('folder')).toBeNull());
    expect(section('today').textContent).toContain('Quantum things');
  });

  it('keeps a name that runs the other way to itself', async () => {
    const { user } = await opened();
    await newFolder(user, 'مشاريع (2026)');
    await choose(user, 'Quantum', 'conversation-rename');
    await user.clear(screen.getByTestId('conversation-rename-field'));
    await user.keyboard('ما هو الكم؟{Enter}');
    await waitFor(() => expect(row('ما هو الكم؟')).toBeTruthy());
    expect(row('ما هو الكم؟').querySelector('bdi')?.textContent).toBe('ما هو الكم؟');
    expect(screen.getByTestId('folder-toggle').querySelector('bdi')?.textContent).toBe(
      'مشاريع (2026)',
    );
    await choose(user, 'ما هو', 'conversation-move');
    const names = screen
      .getAllByTestId('move-to')
      .map((to) => to.querySelector('bdi')?.textContent);
    expect(names).toContain('مشاريع (2026)');
  });

  it('is sorted as chosen, and remembers it', async () => {
    const { user } = await opened();
    await user.click(screen.getByTestId('list-menu'));
    await user.click(screen.getByTestId('sort-title'));
    expect(items().map((i) => i.textContent?.trim())).toEqual([
      'A title that is far too long for the width of any sidebar',
      'Every kind of Markdown',
      'Quantum things',
      'Rust lifetimes',
    ]);
    expect(localStorage.getItem('paddock.sidebarSorting')).toBe('title');
  });

  it('leads to the next row when one is deleted', async () => {
    const { user } = await opened();
    row('Rust lifetimes').focus();
    await user.keyboard('{Delete}');
    await waitFor(() => expect(document.activeElement).toBe(row('Every kind of Markdown')));
  });

  it('shows a proposed title in the same row', async () => {
    const { app } = await opened();
    const before = row('Quantum');
    app.conversations.list = app.conversations.list.map((c) =>
      c.title === 'Quantum things' ? { ...c, title: 'Entangled particles' } : c,
    );
    await tick();
    expect(row('Entangled')).toBe(before);
  });

  it('asks before it erases, says what that does, and leaves nothing to undo', async () => {
    const erased: string[][] = [];
    const { user, host, app } = await opened(
      {},
      {
        eraseConversations: (ids) => {
          erased.push(ids);
          return Promise.resolve({ conversations: 1, backups: 0 });
        },
      },
    );
    await choose(user, 'Quantum', 'conversation-erase');
    const ask = screen.getByTestId('erase');
    expect(ask.textContent).toContain('cannot be undone');
    expect(document.activeElement).toBe(screen.getByTestId('erase-no'));
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('erase')).toBeNull();
    expect(erased).toEqual([]);
    await choose(user, 'Quantum', 'conversation-erase');
    await user.click(screen.getByTestId('erase-yes'));
    await waitFor(() => expect(erased).toEqual([['s1']]));
    await waitFor(() => expect(app.announcer.text).toContain('erased for good'));
    expect(screen.queryByTestId('undo-delete')).toBeNull();
    expect((await host.listConversations()).map((c) => c.id)).not.toContain('s1');
  });

  it('exports in three forms and says where to', async () => {
    const { user } = await opened();
    await choose(user, 'Quantum', 'conversation-export', 'export-html');
    await waitFor(() =>
      expect(screen.getByTestId('transfer-card').textContent).toContain('Quantum things.html'),
    );
    await user.click(screen.getByTestId('transfer-dismiss'));
    expect(screen.queryByTestId('transfer-card')).toBeNull();
  });

  it('says nothing of an export whose dialog was closed', async () => {
    const exportConversation = vi.fn(() => Promise.resolve(null));
    const { user } = await opened({}, { exportConversation });
    await choose(user, 'Quantum', 'conversation-export', 'export-markdown');
    expect(exportConversation).toHaveBeenCalledWith('s1', 'markdown');
    expect(screen.queryByTestId('transfer-card')).toBeNull();
  });

  it('tells what an import brought and what could not be read', async () => {
    const report = {
      conversations: 2,
      messages: 31,
      alreadyHere: 1,
      problems: ['Line 4 is broken.'],
    };
    const { user } = await opened({}, { importConversations: () => Promise.resolve(report) });
    await user.click(screen.getByTestId('list-menu'));
    await user.click(screen.getByTestId('import'));
    const card = await screen.findByTestId('transfer-card');
    expect(card.textContent).toContain('2 conversations, 31 messages');
    expect(card.textContent).toContain('1 was here already');
    expect(screen.getByTestId('transfer-problems').textContent).toContain('Line 4 is broken.');
  });

  it('offers an import where there is nothing yet', async () => {
    const { user } = await opened({ conversations: [] });
    await user.click(screen.getByTestId('empty-import'));
    await waitFor(() => expect(row('From another program')).toBeTruthy());
    expect(screen.queryByTestId('empty-import')).toBeNull();
  });

  it('gives the focus back to the button of a menu that is left', async () => {
    const { user } = await opened();
    const button = within(row('Quantum').closest('li')!).getByTestId('conversation-menu');
    await user.click(button);
    await user.keyboard('{ArrowDown}{ArrowDown}');
    expect(document.activeElement).toBe(screen.getByTestId('conversation-move'));
    await user.keyboard('{Enter}');
    expect(document.activeElement).toBe(screen.getByTestId('conversation-menu-back'));
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('conversation-actions')).toBeNull();
    expect(document.activeElement).toBe(button);
  });
});

describe('a list of 2,000 conversations', () => {
  const now = new Date(2026, 10, 20, 23).getTime();
  const long = () => opened({ conversations: manyConversations(2000, now), now: () => now });

  it('has only the rows near the view in the page, and says how many there are', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(now);
    await long();
    expect(items().length).toBeLessThan(80);
    const first = items()[0]!.closest('li')!;
    const size = Number(first.getAttribute('aria-setsize'));
    expect(size).toBeGreaterThan(1000);
    expect(first.getAttribute('aria-posinset')).toBe('1');
    expect(first.parentElement?.style.height).toContain(`${size} *`);
  });

  it('draws other rows when it is scrolled', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(now);
    await long();
    const list = screen.getByTestId('conversation-list');
    list.scrollTop = 34 * 500;
    await fireEvent.scroll(list);
    expect(items().length).toBeLessThan(100);
    expect(row('Number 505')).toBeTruthy();
    expect(items().some((i) => i.textContent?.trim() === 'Number 60')).toBe(false);
  });

  it('is one stop for Tab, and the arrow keys go through all of it', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(now);
    const { user } = await long();
    expect(items().filter((item) => item.tabIndex === 0)).toHaveLength(1);
    items()[0]!.focus();
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement?.textContent).toContain('Number 1');
    await user.keyboard('{End}');
    await waitFor(() => expect(document.activeElement?.textContent).toContain('Number 1999'));
    await user.keyboard('{Home}');
    await waitFor(() => expect(document.activeElement?.textContent?.trim()).toBe('Number 0'));
  });

  it('folds with the arrow keys', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(now);
    const conversations = [conversation('a', 'One', now)];
    const { user, app } = await opened({ conversations, now: () => now });
    await app.folders.create('Work');
    await tick();
    screen.getByTestId('folder-toggle').focus();
    await user.keyboard('{ArrowLeft}');
    expect(screen.getByTestId('folder-toggle').getAttribute('aria-expanded')).toBe('false');
    await user.keyboard('{ArrowRight}');
    expect(screen.getByTestId('folder-toggle').getAttribute('aria-expanded')).toBe('true');
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement?.textContent).toContain('One');
  });
});
