import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { fakeError } from '../../lib/host/fake-script';
import { sampleConversations } from '../../lib/host/fake-samples';
import type { StartReport } from '../../lib/host';
import { HeldAnswer, startedApp } from '../../test/hosts';

async function opened(...[options = {}, change = {}]: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const conversations = sampleConversations(Date.now());
  const { app, host } = await startedApp({ conversations, ...options }, change);
  const { unmount } = render(App, { app });
  await tick();
  return { app, host, user, unmount };
}

const quiet: StartReport = { recoveredAnswers: 0, setAside: null, restoredFrom: null };
const damaged: StartReport = {
  ...quiet,
  setAside: { path: '/data/paddock.db.damaged-1', reason: 'the file is not a database' },
  restoredFrom: { name: 'b1', madeAtMs: Date.now(), sizeBytes: 9, conversations: 12 },
};
const reporting = (report: StartReport) => ({ startReport: () => Promise.resolve(report) });

describe('what happened at the start', () => {
  it('is not told when nothing did', async () => {
    await opened({}, reporting(quiet));
    expect(screen.queryByTestId('damage-card')).toBeNull();
    expect(screen.queryByTestId('recovered-card')).toBeNull();
  });

  it('is told quietly where answers were cut off', async () => {
    const { user } = await opened({}, reporting({ ...quiet, recoveredAnswers: 2 }));
    expect(screen.getByTestId('recovered-card').textContent).toContain('2 answers were cut off');
    await user.click(screen.getByTestId('recovered-dismiss'));
    expect(screen.queryByTestId('recovered-card')).toBeNull();
  });

  it('is told of a damaged database: where it is, what took its place and what is missing', async () => {
    const openPlace = vi.fn(() => Promise.resolve());
    const { user } = await opened({}, { ...reporting(damaged), openPlace });
    const card = screen.getByTestId('damage-card');
    expect(card.textContent).toContain('/data/paddock.db.damaged-1');
    expect(card.textContent).toContain('not a database');
    expect(card.textContent).toContain('12 conversations');
    expect(card.textContent).toContain('missing');
    await user.click(screen.getByTestId('damage-open'));
    expect(openPlace).toHaveBeenCalledWith('database');
  });

  it('says so when there was no backup', async () => {
    await opened({}, reporting({ ...damaged, restoredFrom: null }));
    expect(screen.getByTestId('damage-card').textContent).toContain('started empty');
  });

  it('is told again after the next start, until somebody has read it', async () => {
    const first = await opened({}, reporting(damaged));
    first.unmount();
    const second = await opened({}, reporting(quiet));
    expect(screen.getByTestId('damage-card')).toBeTruthy();
    await second.user.click(screen.getByTestId('damage-dismiss'));
    second.unmount();
    await opened({}, reporting(quiet));
    expect(screen.queryByTestId('damage-card')).toBeNull();
  });
});

describe('a full disk', () => {
  it('stays told until something can be written again', async () => {
    let full = true;
    const { app } = await opened(
      {},
      { pinConversation: () => (full ? Promise.reject(fakeError('storage')) : Promise.resolve()) },
    );
    await app.conversations.pin('s1', true);
    await tick();
    expect(screen.getByTestId('storage-banner').textContent).toContain('disk is full');
    await app.search.ask();
    await tick();
    expect(screen.getByTestId('storage-banner')).toBeTruthy();
    full = false;
    await app.conversations.pin('s1', true);
    await tick();
    expect(screen.queryByTestId('storage-banner')).toBeNull();
  });

  it('is told when an answer could not be kept, and the answer stays on screen', async () => {
    const held = new HeldAnswer();
    const { app, user } = await opened({}, { chatSend: held.chatSend });
    await user.type(screen.getByTestId('composer'), 'hello{Enter}');
    held.start();
    const send = held.emit;
    held.emit = (event) =>
      send(
        event.type === 'done'
          ? { ...event, message: { ...event.message, error: fakeError('storage') } }
          : event,
      );
    held.finish('What was written stays here.');
    await waitFor(() => expect(screen.getByTestId('storage-banner')).toBeTruthy());
    expect(screen.getByTestId('message-assistant').textContent).toContain('stays here');
    expect(app.storage.problem?.code).toBe('storage');
  });

  it('can be put away', async () => {
    const { app, user } = await opened(
      {},
      { renameConversation: () => Promise.reject(fakeError('storage')) },
    );
    await app.conversations.rename('s1', 'New');
    await tick();
    await user.click(screen.getByTestId('storage-dismiss'));
    expect(screen.queryByTestId('storage-banner')).toBeNull();
  });

  it('is not told for errors of other kinds', async () => {
    const { app } = await opened(
      {},
      { renameConversation: () => Promise.reject(fakeError('notFound')) },
    );
    await app.conversations.rename('s1', 'New');
    await tick();
    expect(screen.queryByTestId('storage-banner')).toBeNull();
  });
});
