import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it } from 'vitest';
import App from '../../App.svelte';
import type { ContextUse } from '../../lib/host';
import { sampleConversations } from '../../lib/host/fake-samples';
import { HeldAnswer, startedApp } from '../../test/hosts';

const conversations = sampleConversations(Date.now());
const use: ContextUse = {
  nCtx: 1000,
  system: 50,
  history: 700,
  attachments: 0,
  reserve: 200,
  exact: true,
};

/** A conversation whose context is as full as the test says. */
async function opened(change: Partial<ContextUse> = {}) {
  const user = userEvent.setup();
  const held = new HeldAnswer();
  const asked: unknown[] = [];
  const contextUse = (...ids: unknown[]) => {
    asked.push(ids);
    return Promise.resolve({ ...use, ...change });
  };
  const { app, host } = await startedApp(
    { conversations, loaded: true },
    { contextUse, chatSend: held.chatSend },
  );
  await app.chat.open('s1');
  render(App, { app });
  await screen.findByTestId('context');
  const field = screen.getByTestId<HTMLTextAreaElement>('composer');
  return { app, host, user, held, asked, field };
}

const gauge = () => screen.getByTestId('context');
const send = () => screen.getByTestId<HTMLButtonElement>('send');

describe('the context gauge', () => {
  it('says how full the context is, and what fills it', async () => {
    const { user, field } = await opened({ history: 100 });
    expect(gauge().textContent).toContain('150 / 1k');
    expect(gauge().textContent).toContain('Context: 150 tokens of 1,000 tokens');
    await user.click(field);
    await user.paste('x'.repeat(40));
    await waitFor(() => expect(gauge().textContent).toContain('160 / 1k'));
    await user.click(gauge());
    const parts = screen
      .getAllByTestId('context-part')
      .map((part) => [part.dataset['kind'], part.querySelector('.value')?.textContent]);
    expect(parts).toEqual([
      ['system', '50'],
      ['history', '100'],
      ['draft', '10'],
      ['reserve', '200'],
      ['free', '640'],
    ]);
    expect(screen.getByTestId('context-panel').textContent).toContain('Counted by the loaded');
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('context-panel')).toBeNull();
    expect(document.activeElement).toBe(gauge());
  });

  it('says about where the numbers are estimates', async () => {
    const { user } = await opened({ exact: false, history: 123 });
    expect(gauge().textContent).toContain('about 170 tokens');
    await user.click(gauge());
    expect(screen.getByTestId('context-panel').textContent).toContain('about 120 tokens');
    expect(screen.getByTestId('context-panel').textContent).toContain('Estimated');
  });

  it('asks again for another branch, another conversation and after an answer', async () => {
    const { app, user, field, held, asked } = await opened({ history: 100 });
    expect(asked.at(-1)).toEqual(['s1', 's1-a']);
    await user.type(field, 'hello{Enter}');
    await waitFor(() => expect(held.requests).toHaveLength(1));
    held.start();
    held.finish('done');
    await waitFor(() => expect(asked.at(-1)).toEqual(['c9', 'a9']));
    const before = asked.length;
    await app.chat.open('s2');
    await waitFor(() => expect(asked.length).toBeGreaterThan(before));
    expect(asked.at(-1)).toEqual(['s2', 's2-a']);
  });

  it('is not there without a model', async () => {
    const { app } = await opened();
    await app.engine.unload();
    await tick();
    expect(screen.queryByTestId('context')).toBeNull();
  });
});

describe('a message that does not fit', () => {
  async function full(change: Partial<ContextUse> = {}) {
    const at = await opened(change);
    await at.user.click(at.field);
    await at.user.paste('x'.repeat(400));
    await screen.findByTestId('context-full');
    return at;
  }

  it('is told of with numbers before it is sent, and cannot be sent', async () => {
    const { app, user, field, held } = await full();
    expect(screen.getByTestId('context-full-numbers').textContent).toBe(
      'The context holds 1,000 tokens. The conversation so far has 750 tokens, your message 100 tokens, and 200 tokens are kept free for the answer: 50 tokens too many.',
    );
    expect(app.announcer.text).toBe('The context is full');
    expect(screen.getByTestId('policy-stopAtLimit').getAttribute('aria-pressed')).toBe('true');
    expect(send().getAttribute('aria-disabled')).toBe('true');
    expect(send().title).toContain('no room');
    await user.click(send());
    await user.type(field, '{Enter}');
    expect(held.requests).toHaveLength(0);
    expect(gauge().textContent).toMatch(/Context full/);
    await user.click(gauge());
    expect(screen.getByTestId('context-panel').textContent).toMatch(/Too much\s+50 tokens/);
  });

  it('goes once a policy is chosen, for this conversation alone', async () => {
    const { host, user, field, held } = await full();
    await user.click(screen.getByTestId('policy-rollingWindow'));
    expect(screen.queryByTestId('context-full')).toBeNull();
    expect(screen.getByTestId('left-out').textContent).toContain(
      'about 50 tokens from the beginning',
    );
    expect(document.activeElement).toBe(field);
    await user.keyboard('{Enter}');
    await waitFor(() => expect(held.requests).toHaveLength(1));
    expect((await host.getConversation('s1')).setup.contextPolicy).toBe('rollingWindow');
    expect((await host.getConversation('s2')).setup.contextPolicy).toBeNull();
  });

  it('leaves the choice open to be changed', async () => {
    const { user } = await full();
    await user.click(screen.getByTestId('policy-truncateMiddle'));
    expect(screen.getByTestId('left-out').textContent).toContain('from the middle');
    await user.click(screen.getByTestId('left-out-change'));
    expect(screen.getByTestId('context-full')).toBeTruthy();
  });

  it('can go on in a new chat, with its files', async () => {
    const { app, user, field } = await full();
    const from = app.chat.current;
    void app.attachments.add(from, [new File(['text'], 'notes.md')]);
    // Still being read when the reader goes on.
    await user.click(screen.getByTestId('full-new-chat'));
    expect(app.attachments.of(from)).toEqual([]);
    expect(app.chat.current.id).toBeNull();
    expect(field.value).toBe('x'.repeat(400));
    await waitFor(() => expect(app.attachments.hasReady(app.chat.current)).toBe(true));
    expect(screen.getByTestId('attachment').textContent).toContain('notes.md');
  });

  it('leads to a longer context, and loads nothing by itself', async () => {
    const { app, user } = await full();
    await user.click(screen.getByTestId('full-longer'));
    expect(screen.getByTestId('model-menu')).toBeTruthy();
    expect(app.engine.state.status).toBe('ready');
  });

  it('is too long even alone: leaving out is not offered then', async () => {
    const { app, user } = await full({ history: 0, system: 900 });
    expect(screen.getByTestId('context-full').textContent).toContain('longer than the context');
    expect(screen.queryByTestId('policy-rollingWindow')).toBeNull();
    app.setup.change(app.chat.current, { contextPolicy: 'rollingWindow' });
    await tick();
    expect(screen.getByTestId('context-full')).toBeTruthy();
    await user.click(send());
    expect(app.chat.current.run).toBeNull();
  });
});
