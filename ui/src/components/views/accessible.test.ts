import axe from 'axe-core';
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it } from 'vitest';
import App from '../../App.svelte';
import { sampleConversations } from '../../lib/host/fake-samples';
import { usualChatSettings } from '../../lib/stores/chat-settings.svelte';
import { startedApp } from '../../test/hosts';

async function opened() {
  const user = userEvent.setup();
  const conversations = sampleConversations(Date.now());
  const { app } = await startedApp(
    { conversations },
    {
      chatSettings: () => Promise.resolve(usualChatSettings),
      startReport: () =>
        Promise.resolve({
          recoveredAnswers: 1,
          setAside: { path: '/data/old.db', reason: 'it is damaged' },
          restoredFrom: null,
        }),
    },
  );
  await app.folders.create('Work');
  await app.conversations.pin('s1', true);
  await app.conversations.archive('s2', true);
  await app.backups.backUpNow();
  render(App, { app });
  await tick();
  return { app, user };
}

/** What axe finds; colours need a real page and are looked at there. */
async function faults(): Promise<string[]> {
  const rules = { 'color-contrast': { enabled: false } };
  const { violations } = await axe.run(document.body, { rules });
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)}`));
}

describe('axe finds nothing wrong', () => {
  it('with the list in sections, and what happened at the start', async () => {
    await opened();
    expect(screen.getByTestId('damage-card')).toBeTruthy();
    expect(await faults()).toEqual([]);
  });

  it('with the menu of a conversation', async () => {
    const { user } = await opened();
    await user.click(screen.getAllByTestId('conversation-menu')[0]!);
    expect(await faults()).toEqual([]);
    await user.click(screen.getByTestId('conversation-move'));
    expect(await faults()).toEqual([]);
  });

  it('with the search', async () => {
    const { user } = await opened();
    await user.keyboard('{Control>}k{/Control}');
    expect(await faults()).toEqual([]);
    await user.keyboard('quantum');
    await waitFor(() => expect(screen.getByTestId('palette-titles')).toBeTruthy());
    expect(await faults()).toEqual([]);
  });

  it('with the list of keys', async () => {
    const { user } = await opened();
    await user.keyboard('{Control>}/{/Control}');
    expect(await faults()).toEqual([]);
  });

  it('with the settings and a question in them', async () => {
    const { user } = await opened();
    await user.click(screen.getByTestId('nav-settings'));
    await user.click(await screen.findByTestId('backup-restore'));
    expect(await faults()).toEqual([]);
  });
});
