import { createEvent, fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import type { NewAttachment } from '../../lib/host';
import { fakeError } from '../../lib/host/fake-script';
import { sampleConversations } from '../../lib/host/fake-samples';
import { HeldAnswer, startedApp } from '../../test/hosts';

const conversations = sampleConversations(Date.now());

async function opened(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(...args);
  render(App, { app });
  await tick();
  const field = screen.getByTestId<HTMLTextAreaElement>('composer');
  return { app, host, user, field };
}

const file = (name: string, content: string | Uint8Array<ArrayBuffer> = 'some text', type = '') =>
  new File([content], name, { type });
const chips = () => screen.queryAllByTestId('attachment');
const send = () => screen.getByTestId<HTMLButtonElement>('send');

async function attached(user: ReturnType<typeof userEvent.setup>, ...files: File[]) {
  await user.upload(screen.getByTestId('attach-input'), files);
  await waitFor(() => {
    expect(chips()).toHaveLength(files.length);
    for (const chip of chips()) expect(chip.dataset['state']).not.toBe('reading');
  });
}

describe('drafts', () => {
  it('are kept per conversation, and the one of the next chat is there from the start', async () => {
    const draft = (id: string | null) => Promise.resolve(id === null ? 'from yesterday' : '');
    const { app, host, user, field } = await opened({ conversations }, { draft });
    await waitFor(() => expect(field.value).toBe('from yesterday'));
    await app.chat.open('s1');
    await user.type(field, 'about quantum');
    await app.chat.open('s2');
    await tick();
    expect(field.value).toBe('');
    await waitFor(async () =>
      expect((await host.getConversation('s1')).draft).toBe('about quantum'),
    );
    await app.chat.open('s1');
    await tick();
    expect(field.value).toBe('about quantum');
  });

  it('are stored when the page goes away', async () => {
    const stored = vi.fn(() => Promise.resolve());
    const { user, field } = await opened({}, { saveDraft: stored });
    await user.type(field, 'x');
    expect(stored).not.toHaveBeenCalled();
    await fireEvent(window, new Event('pagehide'));
    expect(stored).toHaveBeenCalledWith(null, 'x');
  });

  it('that cannot be stored are said to be so, under the field', async () => {
    const saveDraft = () => Promise.reject(fakeError('storage'));
    const { user, field } = await opened({}, { saveDraft });
    await user.type(field, 'x');
    await fireEvent(window, new Event('pagehide'));
    expect((await screen.findByTestId('not-stored')).textContent).toContain('The disk is full');
  });
});

describe('attached files', () => {
  it('show kind, size and tokens before they are sent, and go with the message', async () => {
    const { app, user, field } = await opened();
    await attached(user, file('notes.md', 'x'.repeat(4000)), file('main.rs', 'fn main() {}'));
    const facts = screen.getAllByTestId('attachment-facts').map((fact) => fact.textContent);
    expect(facts).toEqual(['Text · 4 kB · 1,000 tokens', 'Code · 12 B · 3 tokens']);
    await user.click(screen.getAllByTestId('attachment-remove')[0]!);
    expect(chips()).toHaveLength(1);
    await user.type(field, 'What is this?{Enter}');
    await waitFor(() => expect(app.chat.current.shown).toHaveLength(2));
    expect(app.chat.current.shown[0]?.attachments).toMatchObject([
      { name: 'main.rs', kind: 'code', sizeBytes: 12, nTokens: 3 },
    ]);
    await waitFor(() => expect(chips()).toHaveLength(0));
  });

  it('can go without a word', async () => {
    const held = new HeldAnswer();
    const { app, user, field } = await opened({}, { chatSend: held.chatSend });
    expect(send().disabled).toBe(true);
    await attached(user, file('cat.png', 'x', 'image/png'));
    expect(send().disabled).toBe(true);
    await user.click(screen.getByTestId('attachment-remove'));
    await attached(user, file('notes.md'));
    expect(send().disabled).toBe(false);
    await user.type(field, '{Enter}');
    expect(held.requests).toMatchObject([{ content: '', attachments: [{ name: 'notes.md' }] }]);
    held.fail(fakeError('busy'));
    await waitFor(() => expect(chips()).toHaveLength(1));
    expect(field.value).toBe('');
    await user.click(send());
    expect(held.requests).toHaveLength(2);
    expect(app.chat.current.run).not.toBeNull();
  });

  it('come back when the message is refused', async () => {
    const { user, field } = await opened();
    await attached(user, file('notes.md'));
    await user.type(field, '/refuse busy{Enter}');
    await waitFor(() => expect(field.value).toBe('/refuse busy'));
    expect(chips().map((chip) => chip.dataset['state'])).toEqual(['ready']);
  });

  it('stay when an example is sent past the field', async () => {
    const held = new HeldAnswer();
    const { user } = await opened({}, { chatSend: held.chatSend });
    await attached(user, file('notes.md'));
    await user.click(screen.getAllByTestId('example')[0]!);
    expect(held.requests).toMatchObject([{ attachments: [] }]);
    expect(chips()).toHaveLength(1);
  });

  it('are waited for', async () => {
    const held = new HeldAnswer();
    let done: (file: NewAttachment) => void = () => undefined;
    const extracted = new Promise<NewAttachment>((resolve) => (done = resolve));
    const extractText = () => extracted;
    const { app, user, field } = await opened({}, { extractText, chatSend: held.chatSend });
    await user.upload(screen.getByTestId('attach-input'), [file('slow.txt')]);
    await user.type(field, 'Read this{Enter}');
    expect(chips()[0]?.dataset['state']).toBe('reading');
    expect(send().getAttribute('aria-disabled')).toBe('true');
    expect(app.announcer.text).toBe('A file is still being read.');
    expect(held.requests).toHaveLength(0);
    done({ name: 'slow.txt', kind: 'text', sizeBytes: 4, nTokens: 1, text: 'done' });
    await waitFor(() => expect(send().getAttribute('aria-disabled')).toBe('false'));
    await user.type(field, '{Enter}');
    expect(held.requests).toHaveLength(1);
  });

  it('say why they cannot go: pictures, no text, too large, empty', async () => {
    const { app, user } = await opened();
    const large = file('film.txt');
    Object.defineProperty(large, 'size', { value: 50_000_001 });
    await attached(
      user,
      file('cat.png', 'x', 'image/png'),
      file('program.bin', new Uint8Array([77, 0, 1])),
      large,
      file('nothing.txt', ''),
    );
    const facts = screen.getAllByTestId('attachment-facts').map((fact) => fact.textContent);
    expect(facts[0]).toContain('reads text only');
    expect(facts[1]).toContain('is not a text');
    expect(facts[2]).toContain('50 MB is the most');
    expect(facts[3]).toContain('empty');
    expect(chips().every((chip) => chip.dataset['state'] === 'failed')).toBe(true);
    expect(app.announcer.text).toContain('is not attached');
  });

  it('are ten at most', async () => {
    const { user } = await opened();
    const files = Array.from({ length: 12 }, (_, i) => file(`${i}.txt`));
    await user.upload(screen.getByTestId('attach-input'), files);
    await waitFor(() => expect(chips()).toHaveLength(10));
    expect(screen.getByTestId('attachments-notice').textContent).toContain('At most 10');
  });

  it('are counted again by another model', async () => {
    const { app, user } = await opened({ loaded: false });
    await attached(user, file('notes.md', 'x'.repeat(4936)));
    const facts = () => screen.getByTestId('attachment-facts').textContent;
    expect(facts()).toContain('about 1,200 tokens');
    await app.engine.load(app.engine.selfTest!.path);
    await waitFor(() => expect(facts()).toContain('1,234 tokens'));
  });

  it('belong to their conversation', async () => {
    const { app, user } = await opened({ conversations });
    await attached(user, file('notes.md'));
    await app.chat.open('s1');
    await tick();
    expect(chips()).toHaveLength(0);
    app.chat.newChat();
    await tick();
    expect(chips()).toHaveLength(1);
  });
});

describe('pasting', () => {
  const paste = (field: HTMLElement, text: string, files: File[] = []) => {
    const event = createEvent.paste(field, { clipboardData: { files, getData: () => text } });
    return fireEvent(field, event);
  };

  it('attaches files', async () => {
    const { field } = await opened();
    const stays = await paste(field, '/home/me/notes.md', [file('notes.md')]);
    expect(stays).toBe(false);
    await waitFor(() => expect(chips()[0]?.dataset['state']).toBe('ready'));
  });

  it('takes the text where a picture of it comes along', async () => {
    const { field } = await opened();
    expect(await paste(field, 'A table', [file('t.png', 'x', 'image/png')])).toBe(true);
    expect(chips()).toHaveLength(0);
  });

  it('of a long text offers to attach it instead', async () => {
    const { user, field } = await opened();
    const long = 'costs $& more '.repeat(300).trim();
    await user.type(field, 'Summarise: ');
    await user.paste(long);
    expect(field.value).toBe(`Summarise: ${long}`);
    expect(screen.getByTestId('paste-offer').textContent).toContain('4,199 characters');
    await user.click(screen.getByTestId('paste-attach'));
    expect(field.value).toBe('Summarise: ');
    await waitFor(() => expect(chips()[0]?.textContent).toContain('Pasted text'));
    expect(screen.queryByTestId('paste-offer')).toBeNull();
    expect(document.activeElement).toBe(field);
  });

  it('of a short text offers nothing', async () => {
    const { user, field } = await opened();
    await user.click(field);
    await user.paste('x'.repeat(3999));
    expect(screen.queryByTestId('paste-offer')).toBeNull();
  });
});

describe('dropping', () => {
  const drag = (type: 'dragOver' | 'drop', target: Element, files: File[]) => {
    const event = createEvent[type](target);
    Object.defineProperty(event, 'dataTransfer', {
      value: { types: ['Files'], files, dropEffect: 'none' },
    });
    return fireEvent(target, event);
  };

  it('attaches what falls anywhere on the conversation, which shows itself as the target', async () => {
    await opened();
    const welcome = screen.getByTestId('welcome');
    expect(await drag('dragOver', welcome, [])).toBe(false);
    expect(screen.getByTestId('drop-target').textContent).toContain('Drop files here');
    await drag('drop', welcome, [file('notes.md')]);
    expect(screen.queryByTestId('drop-target')).toBeNull();
    await waitFor(() => expect(chips()).toHaveLength(1));
  });

  it('elsewhere leads nowhere', async () => {
    const { app } = await opened();
    const sidebar = screen.getByTestId('new-chat');
    expect(await drag('dragOver', sidebar, [])).toBe(false);
    expect(screen.queryByTestId('drop-target')).toBeNull();
    expect(await drag('drop', sidebar, [file('notes.md')])).toBe(false);
    app.navigation.show('models');
    await tick();
    expect(await drag('drop', document.body, [file('notes.md')])).toBe(false);
    expect(chips()).toHaveLength(0);
  });
});

describe('the menu of templates', () => {
  it('opens with a slash, is filtered by typing, and Enter inserts', async () => {
    const { user, field } = await opened();
    await user.type(field, '/');
    const options = () => screen.queryAllByTestId('template-option');
    expect(options()).toHaveLength(3);
    await user.keyboard('{ArrowDown}');
    const active = field.getAttribute('aria-activedescendant');
    expect(document.getElementById(active!)?.textContent).toContain('Fix my grammar');
    await user.type(field, 'exp');
    expect(options()).toHaveLength(1);
    await user.keyboard('{Enter}');
    expect(field.value).toBe('Explain to a curious child: ');
    expect(screen.queryByTestId('template-menu')).toBeNull();
  });

  it('puts the cursor where the template says', async () => {
    const template = { id: 't', name: 'Frame', text: 'Before {cursor}, after' };
    const { user, field } = await opened({}, { templates: () => Promise.resolve([template]) });
    await user.type(field, '/fr{Tab}');
    await waitFor(() => expect(field.value).toBe('Before , after'));
    expect(field.selectionStart).toBe(7);
    expect(document.activeElement).toBe(field);
  });

  it('is put away with Esc, which stops nothing else', async () => {
    const { user, field } = await opened();
    await user.type(field, '/{Escape}');
    expect(screen.queryByTestId('template-menu')).toBeNull();
    expect(field.value).toBe('/');
    await user.clear(field);
    await user.type(field, '/');
    expect(screen.getByTestId('template-menu')).toBeTruthy();
  });

  it('is not in the way of a message that only begins with a slash', async () => {
    const { app, user, field } = await opened();
    await user.type(field, '/usr/bin is what?{Enter}');
    await waitFor(() => expect(app.chat.current.shown).toHaveLength(2));
  });
});

describe('several conversations', () => {
  it('lets another one be written in and sent while one is answered', async () => {
    const held = new HeldAnswer();
    const { app, user, field } = await opened({ conversations }, { chatSend: held.chatSend });
    await user.type(field, 'hello{Enter}');
    held.start();
    await tick();
    await user.type(field, 'typed meanwhile{Enter}');
    expect(field.value).toBe('typed meanwhile');
    expect(held.requests).toHaveLength(1);
    await app.chat.open('s1');
    await tick();
    await user.type(field, 'and you?');
    expect(send().disabled).toBe(false);
    await user.click(send());
    expect(held.requests).toHaveLength(2);
    expect(held.requests[1]).toMatchObject({ conversationId: 's1', content: 'and you?' });
  });
});

describe('the weight of the message', () => {
  it('is counted as it is typed, files included', async () => {
    const { user, field } = await opened();
    expect(screen.queryByTestId('token-count')).toBeNull();
    await user.type(field, 'twelve chars');
    await waitFor(() => expect(screen.getByTestId('token-count').textContent).toBe('3 tokens'));
    await attached(user, file('a.txt', 'x'.repeat(40)));
    await waitFor(() => expect(screen.getByTestId('token-count').textContent).toBe('13 tokens'));
    expect(within(screen.getByTestId('attachments')).getAllByRole('listitem')).toHaveLength(1);
  });

  it('is called about so much where no model counted it', async () => {
    const { user, field } = await opened({ loaded: false });
    await user.type(field, 'twelve chars');
    await waitFor(() =>
      expect(screen.getByTestId('token-count').textContent).toBe('about 3 tokens'),
    );
  });
});
