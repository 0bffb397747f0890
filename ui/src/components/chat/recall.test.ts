import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it } from 'vitest';
import App from '../../App.svelte';
import { sampleConversations } from '../../lib/host/fake-samples';
import { startedApp } from '../../test/hosts';

const conversations = sampleConversations(Date.now());

async function opened(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app } = await startedApp(...args);
  render(App, { app });
  await tick();
  return { app, user, field: screen.getByTestId<HTMLTextAreaElement>('composer') };
}

const send = () => screen.getByTestId('send');

describe('recalling', () => {
  it('brings back what was sent, with Up in an empty field, and Down goes back', async () => {
    const { user, field } = await opened();
    await user.type(field, 'first{Enter}');
    await waitFor(() => expect(send()).toBeTruthy());
    await user.type(field, 'second{Enter}');
    await waitFor(() => expect(send()).toBeTruthy());
    await user.type(field, '{ArrowUp}');
    expect(field.value).toBe('second');
    await user.keyboard('{ArrowUp}');
    expect(field.value).toBe('first');
    await user.keyboard('{ArrowUp}');
    expect(field.value).toBe('first');
    await user.keyboard('{ArrowDown}{ArrowDown}');
    expect(field.value).toBe('');
  });

  it('in a new chat brings back what was sent last anywhere, in any other chat what was sent there', async () => {
    const { app, user, field } = await opened({ conversations });
    await user.type(field, '{ArrowUp}');
    expect(field.value).toBe('');
    await app.chat.open('s1');
    await user.type(field, 'asked elsewhere{Enter}');
    await waitFor(() => expect(send()).toBeTruthy());
    app.chat.newChat();
    await tick();
    await user.type(field, '{ArrowUp}');
    expect(field.value).toBe('asked elsewhere');
    await user.keyboard('{ArrowDown}');
    expect(field.value).toBe('');
    // Also past another view, where the field is gone.
    app.navigation.show('models');
    await tick();
    app.navigation.show('chat');
    await tick();
    const again = screen.getByTestId<HTMLTextAreaElement>('composer');
    await user.type(again, '{ArrowUp}');
    expect(again.value).toBe('asked elsewhere');
    await user.clear(again);
    await app.chat.open('s2');
    await tick();
    await user.type(again, '{ArrowUp}');
    expect(again.value).not.toBe('asked elsewhere');
    expect(app.chat.current.shown.map((m) => m.content)).toContain(again.value);
  });

  it('does not bring back what was deleted', async () => {
    const { app, user, field } = await opened({ conversations });
    await app.chat.open('s1');
    await user.type(field, 'a secret{Enter}');
    await waitFor(() => expect(send()).toBeTruthy());
    await app.chat.remove('s1');
    await tick();
    expect(app.chat.current.id).toBeNull();
    await user.type(field, '{ArrowUp}');
    expect(field.value).toBe('');
  });

  it('leaves a text that was changed alone', async () => {
    const { user, field } = await opened();
    await user.type(field, 'first{Enter}');
    await waitFor(() => expect(send()).toBeTruthy());
    await user.type(field, '{ArrowUp}!');
    await user.keyboard('{ArrowUp}{ArrowDown}');
    expect(field.value).toBe('first!');
  });
});
