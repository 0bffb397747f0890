import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it } from 'vitest';
import App from '../../App.svelte';
import { fakeError } from '../../lib/host/fake-script';
import { sampleConversations } from '../../lib/host/fake-samples';
import { HeldAnswer, startedApp } from '../../test/hosts';

const conversations = sampleConversations(Date.now());

async function opened(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(...args);
  render(App, { app });
  await waitFor(() => expect(app.setup.settings).not.toBeNull());
  await tick();
  const open = async () => user.click(screen.getByTestId('setup'));
  const field = screen.getByTestId<HTMLTextAreaElement>('composer');
  return { app, host, user, open, field };
}

const button = () => screen.getByTestId('setup');
const system = () => screen.getByTestId<HTMLTextAreaElement>('setup-system');
const sampling = (field: string) => screen.getByTestId<HTMLInputElement>(`sampling-${field}`);

describe('how a conversation is set up', () => {
  it('is named on the button', async () => {
    const { user, open } = await opened();
    expect(button().textContent).toContain('No system prompt');
    await open();
    await user.selectOptions(screen.getByTestId('setup-preset'), 'Careful editor');
    expect(button().textContent).toContain('Careful editor');
    expect(system().value).toContain('correct spelling');
    expect(sampling('temperature').value).toBe('0.2');
    await user.type(system(), ' Be kind.');
    expect(button().textContent).toContain('Careful editor, changed');
    await user.selectOptions(screen.getByTestId('setup-preset'), 'None');
    await user.type(system(), 'Be brief.');
    expect(button().textContent).toContain('Own system prompt');
  });

  it('goes with the first message of a new chat, and not with the next new chat', async () => {
    const { app, host, user, open, field } = await opened();
    await open();
    await user.type(system(), 'Be brief.');
    await user.type(sampling('topK'), '20');
    await user.keyboard('{Escape}');
    expect(document.activeElement).toBe(button());
    await user.type(field, 'hello{Enter}');
    await waitFor(() => expect(app.chat.current.shown).toHaveLength(2));
    const { setup } = await host.getConversation(app.chat.current.id!);
    expect(setup).toMatchObject({ system: 'Be brief.', sampling: { topK: 20, topP: null } });
    app.chat.newChat();
    await tick();
    expect(button().textContent).toContain('No system prompt');
  });

  it('has a format, which makes a preset another one and comes back with it', async () => {
    const { app, host, user, open, field } = await opened();
    await open();
    const kind = () => screen.getByTestId<HTMLSelectElement>('format-kind');
    await user.selectOptions(screen.getByTestId('setup-preset'), 'Careful editor');
    await user.selectOptions(kind(), 'By a grammar');
    await user.type(screen.getByTestId('format-text'), 'yes or no');
    expect(button().textContent).not.toContain('changed');
    await user.clear(screen.getByTestId('format-text'));
    await user.type(screen.getByTestId('format-text'), 'root ::= "yes"');
    expect(button().textContent).toContain('Careful editor, changed');
    await user.selectOptions(screen.getByTestId('setup-preset'), 'Socratic teacher');
    expect(kind().value).toBe('text');
    await user.selectOptions(kind(), 'Any JSON object');
    await user.keyboard('{Escape}');
    await user.type(field, 'hello{Enter}');
    await waitFor(() => expect(app.chat.current.shown).toHaveLength(2));
    const { setup } = await host.getConversation(app.chat.current.id!);
    expect(setup.format).toEqual({ kind: 'jsonObject' });
  });

  it('of a stored conversation is stored before the next message goes', async () => {
    const held = new HeldAnswer();
    const { app, host, user, open, field } = await opened(
      { conversations },
      { chatSend: held.chatSend },
    );
    await app.chat.open('s1');
    await tick();
    await open();
    await user.type(system(), 'Be brief.');
    await user.keyboard('{Escape}');
    await user.type(field, 'hello{Enter}');
    await waitFor(() => expect(held.requests).toMatchObject([{ setup: null }]));
    expect((await host.getConversation('s1')).setup.system).toBe('Be brief.');
  });

  it('that cannot be stored holds the message back and says why', async () => {
    const held = new HeldAnswer();
    const { app, user, open, field } = await opened(
      { conversations },
      {
        chatSend: held.chatSend,
        setChatSetup: () => Promise.reject(fakeError('storage')),
      },
    );
    await app.chat.open('s1');
    await tick();
    await open();
    await user.type(system(), 'x');
    await user.keyboard('{Escape}');
    await user.type(field, 'hello{Enter}');
    expect((await screen.findByTestId('not-stored')).textContent).toContain('The disk is full');
    expect(held.requests).toHaveLength(0);
    expect(field.value).toBe('hello');
  });

  it('says in place what is wrong with a number, and keeps the last right one', async () => {
    const { app, user, open } = await opened();
    await open();
    await user.type(sampling('temperature'), '1.5');
    await user.type(sampling('temperature'), '9');
    await user.clear(sampling('topP'));
    await user.type(sampling('topP'), '2');
    expect(sampling('topP').getAttribute('aria-invalid')).toBe('true');
    const note = document.getElementById(sampling('topP').getAttribute('aria-describedby')!);
    expect(note?.textContent).toContain('A number from 0 to 1');
    expect(app.setup.of(app.chat.current).sampling).toMatchObject({
      temperature: 1.59,
      topP: null,
    });
  });

  it('is saved under a name, and that preset is changed, from the panel', async () => {
    const { app, user, open } = await opened();
    await open();
    await user.type(system(), 'Be brief.');
    await user.click(screen.getByTestId('setup-save-as'));
    expect(document.activeElement).toBe(screen.getByTestId('setup-name'));
    await user.keyboard('Short{Enter}');
    await waitFor(() => expect(button().textContent).toContain('Short'));
    expect(screen.queryByTestId('setup-update')).toBeNull();
    await user.type(system(), ' And kind.');
    await user.click(screen.getByTestId('setup-update'));
    await waitFor(() => expect(screen.queryByTestId('setup-update')).toBeNull());
    expect(app.setup.presets.find((preset) => preset.name === 'Short')?.system).toBe(
      'Be brief. And kind.',
    );
  });

  it('begins with the preset of new conversations, and goes back to it', async () => {
    const { app, user, open } = await opened();
    await app.setup.setDefault('socratic');
    await tick();
    expect(button().textContent).toContain('Socratic teacher');
    await open();
    await user.clear(system());
    await user.selectOptions(screen.getByTestId('setup-policy'), 'rollingWindow');
    expect(button().textContent).toContain('Socratic teacher, changed');
    await user.click(screen.getByTestId('setup-reset'));
    expect(button().textContent).toMatch(/Socratic teacher$/);
    expect(app.setup.of(app.chat.current).contextPolicy).toBeNull();
  });

  it('is closed by Enter in no field: Enter there does not send the message', async () => {
    const { app, user, open, field } = await opened();
    await user.type(field, 'not yet');
    await open();
    await user.type(sampling('topK'), '5{Enter}');
    expect(app.chat.current.run).toBeNull();
    expect(app.chat.current.shown).toHaveLength(0);
    expect(screen.getByTestId('setup-panel')).toBeTruthy();
  });
});
