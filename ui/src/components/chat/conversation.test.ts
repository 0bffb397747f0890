import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import type { Host } from '../../lib/host';
import { longConversation } from '../../lib/host/fake-samples';
import { fakeError } from '../../lib/host/fake-script';
import { HeldAnswer, startedApp } from '../../test/hosts';

async function opened(change: Partial<Host> = {}, options = {}) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(options, change);
  render(App, { app });
  await tick();
  return { app, host, user };
}

const answers = () => screen.queryAllByTestId('message-assistant');
const questions = () => screen.queryAllByTestId('message-user');

async function choose(user: ReturnType<typeof userEvent.setup>, of: HTMLElement, action: string) {
  await user.click(within(of).getByTestId('message-menu'));
  await user.click(within(of).getByTestId(action));
}

const attachment = {
  name: 'notes.txt',
  kind: 'text' as const,
  sizeBytes: 1200,
  nTokens: 300,
  text: 'The notes.',
};

describe('editing a question', () => {
  it('sends it again beside the first one, with its attachments', async () => {
    const requests: unknown[] = [];
    const { app, host, user } = await opened();
    const { chatSend } = host;
    await chatSend(
      {
        conversationId: null,
        parentId: null,
        content: 'one',
        attachments: [attachment],
        setup: null,
      },
      () => undefined,
    );
    host.chatSend = (request, onEvent) => {
      requests.push(request);
      return chatSend(request, onEvent);
    };
    await app.chat.open(app.conversations.list[0]!.id);
    await user.click(await screen.findByTestId('edit-question'));
    expect(screen.getByText(/1 attachment is kept/)).toBeTruthy();
    await user.type(screen.getByTestId('edit-field'), ' more{Enter}');
    await waitFor(() => expect(questions()[0]?.textContent).toContain('one more'));
    await waitFor(() => expect(app.chat.current.run).toBeNull());
    expect(within(questions()[0]!).getByTestId('sibling-of').textContent).toBe('2/2');
    expect(app.chat.current.shown[0]?.attachments).toMatchObject([{ name: 'notes.txt' }]);
    await user.click(within(questions()[0]!).getByTestId('sibling-previous'));
    expect(questions()[0]?.textContent).not.toContain('one more');
  });

  it('is given up with Esc, and the button has the keyboard again', async () => {
    const { app, user } = await opened();
    await app.chat.send('one');
    await user.click(await screen.findByTestId('edit-question'));
    expect(document.activeElement).toBe(screen.getByTestId('edit-field'));
    await user.keyboard('nonsense{Escape}');
    expect(screen.queryByTestId('edit-field')).toBeNull();
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('edit-question')));
    expect(app.chat.current.messages).toHaveLength(2);
  });

  it('that is refused has the text in the field again', async () => {
    const { app, user } = await opened();
    await app.chat.send('one');
    await user.click(await screen.findByTestId('edit-question'));
    await user.clear(screen.getByTestId('edit-field'));
    await user.type(screen.getByTestId('edit-field'), '/refuse busy{Enter}');
    expect((await screen.findByTestId<HTMLTextAreaElement>('edit-field')).value).toBe(
      '/refuse busy',
    );
    expect(app.chat.current.error?.code).toBe('busy');
  });
});

describe('an answer', () => {
  it('is edited beside the first, marked, and gone on with in the same message', async () => {
    const { app, user } = await opened();
    await app.chat.send('Count to 20');
    await choose(user, answers()[0]!, 'edit-answer');
    const field = screen.getByTestId('edit-field');
    await user.clear(field);
    await user.type(field, 'One,{Enter}two.{Control>}{Enter}{/Control}');
    await screen.findByTestId('edited');
    expect(answers()[0]?.textContent).toContain('two.');
    expect(screen.getByTestId('sibling-of').textContent).toBe('2/2');
    const id = answers()[0]?.dataset['messageId'];
    await user.click(screen.getByTestId('continue'));
    await waitFor(() => expect(answers()[0]?.textContent).toContain('two. And this is how'));
    expect(answers()[0]?.dataset['messageId']).toBe(id);
  });

  it('that ended by itself is not offered to be gone on with', async () => {
    const { app } = await opened();
    await app.chat.send('Count to 20');
    await tick();
    expect(screen.queryByTestId('continue')).toBeNull();
  });

  it.each([
    ['length', /token or context limit/],
    ['cancelled', /Stopped by you/],
    ['interrupted', /the text so far is kept/],
  ] as const)('that ended with %s says so and can be gone on with', async (reason, words) => {
    const held = new HeldAnswer();
    const { app } = await opened({ chatSend: held.chatSend });
    const sent = app.chat.send('hello');
    held.start();
    held.finish('half', reason);
    await sent;
    expect((await screen.findByTestId('stop-reason')).textContent).toMatch(words);
    expect(screen.getByTestId('continue')).toBeTruthy();
  });

  it('is shown as it was written, and formatted again', async () => {
    const { app, user } = await opened();
    await app.chat.send('Show me hello world in Rust.');
    await choose(user, answers()[0]!, 'toggle-source');
    expect(screen.getByTestId('message-source').textContent).toContain('```rust\n');
    await choose(user, answers()[0]!, 'toggle-source');
    expect(screen.queryByTestId('message-source')).toBeNull();
  });

  it('is copied as plain text without what was thought', async () => {
    const { app, user } = await opened();
    await app.chat.send('/think');
    await choose(user, answers()[0]!, 'copy-plain');
    expect(await navigator.clipboard.readText()).toBe('17 × 23 is 391.');
  });

  it('has its thoughts folded away, with their time', async () => {
    const { app, user } = await opened();
    await app.chat.send('/think');
    const toggle = await screen.findByTestId('thoughts-toggle');
    expect(toggle.textContent).toContain('Thought for 3.2 s');
    expect(answers()[0]?.textContent).not.toContain('The question is short');
    await user.click(toggle);
    expect(toggle.getAttribute('aria-expanded')).toBe('true');
    expect(answers()[0]?.textContent).toContain('The question is short');
  });

  it('shows that the model is thinking while it is', async () => {
    const held = new HeldAnswer();
    const { app } = await opened({ chatSend: held.chatSend });
    void app.chat.send('hello');
    held.start();
    held.emit({ type: 'text', delta: '<think>well', predictedN: 2 });
    expect((await screen.findByTestId('thoughts')).textContent).toContain('Thinking…');
  });
});

describe('deleting a message', () => {
  it('takes what follows with it, says so in its place, and is undone there', async () => {
    const { app, user } = await opened();
    await app.chat.send('one');
    await app.chat.send('two');
    await waitFor(() => expect(questions()).toHaveLength(2));
    await choose(user, questions()[1]!, 'delete-message');
    expect((await screen.findByTestId('message-deleted')).textContent).toContain(
      'Deleted, with 1 message after it.',
    );
    expect(questions()).toHaveLength(1);
    await user.click(screen.getByTestId('undo-message'));
    await waitFor(() => expect(questions()).toHaveLength(2));
    expect(screen.queryByTestId('message-deleted')).toBeNull();
    expect(answers()).toHaveLength(2);
  });

  it('can be undone also when it was the first', async () => {
    const { app, user } = await opened();
    await app.chat.send('one');
    await choose(user, questions()[0]!, 'delete-message');
    await user.click(await screen.findByTestId('undo-message'));
    await waitFor(() => expect(answers()).toHaveLength(1));
  });

  it('that fails leaves everything and says why', async () => {
    const { app, user } = await opened({
      deleteMessage: () => Promise.reject(fakeError('storage')),
    });
    await app.chat.send('one');
    await choose(user, questions()[0]!, 'delete-message');
    expect((await screen.findByTestId('error-card')).textContent).toContain('disk is full');
    expect(answers()).toHaveLength(1);
  });
});

describe('a fork', () => {
  it('is a conversation of its own that ends at this message, and is open', async () => {
    const { app, user } = await opened();
    await app.chat.send('one');
    await app.chat.send('two');
    const from = app.chat.current.id;
    await waitFor(() => expect(answers()).toHaveLength(2));
    await choose(user, answers()[0]!, 'fork-message');
    await waitFor(() => expect(app.chat.current.id).not.toBe(from));
    await waitFor(() => expect(answers()).toHaveLength(1));
    expect(app.conversations.list).toHaveLength(2);
  });
});

describe('the menu of a message', () => {
  it('is worked with the keyboard alone', async () => {
    const { app, user } = await opened();
    await app.chat.send('one');
    const menu = within(answers()[0]!).getByTestId('message-menu');
    menu.focus();
    await user.keyboard('{Enter}');
    expect(document.activeElement).toBe(screen.getByTestId('copy-plain'));
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement).toBe(screen.getByTestId('toggle-source'));
    // What cannot be done while an answer is written is passed over.
    screen.getByTestId<HTMLButtonElement>('edit-answer').disabled = true;
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement).toBe(screen.getByTestId('fork-message'));
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('toggle-source')).toBeNull();
    expect(document.activeElement).toBe(menu);
  });
});

describe('message-attachments', () => {
  it('are named with kind, size and tokens, and open their text', async () => {
    const { app, host, user } = await opened();
    await host.chatSend(
      {
        conversationId: null,
        parentId: null,
        content: 'one',
        attachments: [attachment],
        setup: null,
      },
      () => undefined,
    );
    await app.chat.open(app.conversations.list[0]!.id);
    const chip = await screen.findByTestId('message-attachment');
    expect(chip.textContent).toMatch(/notes\.txt\s*Text · 1\.2 kB · 300 tokens/);
    await user.click(chip);
    await waitFor(() =>
      expect(screen.getByTestId('attachment-text').textContent).toContain('second paragraph'),
    );
    await user.click(chip);
    expect(screen.queryByTestId('attachment-text')).toBeNull();
  });
});

describe('what the model did not see', () => {
  it('is marked before its first and after its last message', async () => {
    const long = longConversation('s5', 12, 1);
    const messages = long.messages.map((m, i) => ({
      ...m,
      cut: i === 11 ? { policy: 'truncateMiddle' as const, from: 2, count: 4 } : null,
    }));
    const { app } = await opened({}, { conversations: [{ ...long, messages }] });
    await app.chat.open('s5');
    const marks = await screen.findAllByTestId('context-cut');
    expect(marks).toHaveLength(2);
    expect(marks[0]?.textContent).toContain('did not see these 4 messages');
    const follows = (mark: Element, id: string) =>
      mark.compareDocumentPosition(document.querySelector(`[data-message-id="${id}"]`)!) &
      Node.DOCUMENT_POSITION_FOLLOWING;
    expect(follows(marks[0]!, 's5-2')).toBeTruthy();
    expect(follows(marks[0]!, 's5-1')).toBeFalsy();
    expect(follows(marks[1]!, 's5-6')).toBeTruthy();
    expect(follows(marks[1]!, 's5-5')).toBeFalsy();
  });
});

describe('waiting', () => {
  it('says the place in line, then how far the prompt is and how long it takes', async () => {
    const held = new HeldAnswer();
    const { app } = await opened({ chatSend: held.chatSend });
    const now = vi.spyOn(performance, 'now');
    void app.chat.send('hello');
    held.start();
    held.emit({ type: 'queued', position: 1, behind: 'Title' });
    const waiting = await screen.findByTestId('waiting');
    expect(waiting.textContent).toContain('Next in line, after “Title”');
    now.mockReturnValue(1000);
    held.emit({ type: 'progress', processed: 1000, total: 5096, cached: 1000 });
    await tick();
    expect(waiting.textContent).toContain('Understanding 0 of 4,096 tokens');
    expect(waiting.textContent).not.toContain('left');
    now.mockReturnValue(2000);
    held.emit({ type: 'progress', processed: 1812, total: 5096, cached: 1000 });
    await tick();
    expect(waiting.textContent).toMatch(/Understanding 812 of 4,096 tokens, about 4 s left/);
  });
});

describe('a link', () => {
  it('is opened in the browser only when asked', async () => {
    const openLink = vi.fn(() => Promise.resolve());
    const { app, user } = await opened({ openLink });
    await app.chat.send('/demo');
    await user.click(within(answers()[0]!).getByText('link'));
    expect(openLink).not.toHaveBeenCalled();
    await user.click(screen.getByTestId('open-link'));
    expect(openLink).toHaveBeenCalledWith('https://example.com/page?x=1');
    await waitFor(() => expect(screen.queryByTestId('link-card')).toBeNull());
  });

  it('that cannot be opened says why', async () => {
    const { app, user } = await opened({ openLink: () => Promise.reject(fakeError('badInput')) });
    await app.chat.send('/demo');
    await user.click(within(answers()[0]!).getByText('link'));
    await user.click(screen.getByTestId('open-link'));
    expect((await screen.findByRole('alert')).textContent).toContain('cannot be sent');
  });

  it('to a mail address can only be copied', async () => {
    const held = new HeldAnswer();
    const { app, user } = await opened({ chatSend: held.chatSend });
    const sent = app.chat.send('hello');
    held.start();
    held.emit({ type: 'text', delta: '[write](mailto:a@b.example)', predictedN: 1 });
    held.finish('[write](mailto:a@b.example)');
    await sent;
    await user.click(await screen.findByText('write'));
    expect(screen.queryByTestId('open-link')).toBeNull();
    expect(screen.getByTestId('copy-link')).toBeTruthy();
  });
});

describe('code and footnotes', () => {
  it('long lines are wrapped everywhere once asked, and that is remembered', async () => {
    const { app, user } = await opened();
    await app.chat.send('Show me hello world in Rust.');
    const wrap = (await screen.findAllByTestId('wrap-code'))[0]!;
    await user.click(wrap);
    expect(wrap.getAttribute('aria-pressed')).toBe('true');
    expect(document.querySelector('.answer.wraps')).not.toBeNull();
    expect(localStorage.getItem('paddock.wrapCode')).toBe('1');
  });

  it('a footnote leads to its text and back', async () => {
    const { app, user } = await opened();
    await app.chat.send('/demo');
    const reference = await screen.findByLabelText('Footnote 1');
    await user.click(reference);
    const note = document.querySelector<HTMLElement>('[data-note-of="1"]')!;
    await waitFor(() => expect(document.activeElement).toBe(note));
    await user.click(within(note).getByRole('link'));
    await waitFor(() => expect(document.activeElement).toBe(reference));
  });

  it('a diagram that cannot be drawn is shown as its source', async () => {
    const { app } = await opened();
    await app.chat.send('/demo');
    expect(await screen.findByText(/could not be drawn/)).toBeTruthy();
    expect(answers()[0]?.textContent).toContain('A[Prompt] --> B{Fits?}');
  });
});
