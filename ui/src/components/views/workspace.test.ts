import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { fakeError } from '../../lib/host/fake-script';
import { sampleConversations } from '../../lib/host/fake-samples';
import { HeldAnswer, startedApp } from '../../test/hosts';

async function opened(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(...args);
  render(App, { app });
  await tick();
  return { app, host, user, composer: screen.getByTestId<HTMLTextAreaElement>('composer') };
}

const answers = () => screen.queryAllByTestId('message-assistant');

async function answered(count = 1) {
  await waitFor(() => {
    expect(answers()).toHaveLength(count);
    expect(answers().at(-1)?.dataset['state']).not.toBe('writing');
  });
  return answers().at(-1)!;
}

describe('the composer', () => {
  it('sends with Enter and empties itself', async () => {
    const { user, composer } = await opened();
    await user.type(composer, 'Count to 20{Enter}');
    const answer = await answered();
    expect(answer.dataset['state']).toBe('complete');
    expect(composer.value).toBe('');
    expect(screen.getByTestId('message-user').textContent).toContain('Count to 20');
  });

  it('breaks the line with Shift+Enter', async () => {
    const { user, composer } = await opened();
    await user.type(composer, 'one{Shift>}{Enter}{/Shift}two');
    expect(composer.value).toBe('one\ntwo');
    expect(answers()).toHaveLength(0);
  });

  it('does not send the Enter that ends a composition', async () => {
    const held = new HeldAnswer();
    const { composer } = await opened({}, { chatSend: held.chatSend });
    await fireEvent.input(composer, { target: { value: '日本' } });
    await fireEvent.keyDown(composer, { key: 'Enter', isComposing: true });
    await fireEvent.keyDown(composer, { key: 'Enter', keyCode: 229 });
    expect(held.requests).toHaveLength(0);
    await fireEvent.keyDown(composer, { key: 'Enter' });
    expect(held.requests).toHaveLength(1);
  });

  it('cannot send nothing', async () => {
    const { user, composer } = await opened();
    expect(screen.getByTestId<HTMLButtonElement>('send').disabled).toBe(true);
    await user.type(composer, '  {Enter}');
    expect(answers()).toHaveLength(0);
  });

  it('turns Send into Stop while an answer is written, and Esc stops too', async () => {
    const stops: string[] = [];
    const held = new HeldAnswer();
    const chatStop = (id: string) => Promise.resolve(void stops.push(id));
    const { user, composer } = await opened({}, { chatSend: held.chatSend, chatStop });
    await user.type(composer, 'hello{Enter}');
    held.start();
    await tick();
    expect(screen.queryByTestId('send')).toBeNull();
    expect(screen.getByTestId('stop')).toBeTruthy();
    expect(answers()[0]?.dataset['state']).toBe('writing');
    await user.keyboard('{Escape}');
    expect(stops).toEqual(['c9']);
    held.finish('half', 'cancelled');
    expect((await answered()).dataset['state']).toBe('stopped');
    expect(screen.getByTestId('send')).toBeTruthy();
  });

  it('shows the message at once, while the model is still loading', async () => {
    const held = new HeldAnswer();
    const { user, composer } = await opened({}, { chatSend: held.chatSend });
    await user.type(composer, 'hello{Enter}');
    expect(screen.getByTestId('message-user').textContent).toContain('hello');
    expect(screen.getByTestId('waiting')).toBeTruthy();
    held.fail(fakeError('noModel'));
    await waitFor(() => expect(composer.value).toBe('hello'));
    expect(screen.queryByTestId('message-user')).toBeNull();
    expect(screen.getByTestId('error-card').textContent).toContain('No model is loaded');
  });
});

describe('a finished answer', () => {
  it('has its measurements under it, and more on request', async () => {
    const { user, composer } = await opened();
    await user.type(composer, 'Count to 20{Enter}');
    await answered();
    expect(screen.getByTestId('metrics').textContent).toBe(
      '⚡ 5.56 tok/s | 📝 20 tokens | ⏱️ 10.6s total',
    );
    const toggle = screen.getByTestId('metrics-toggle');
    expect(toggle.getAttribute('aria-expanded')).toBe('false');
    expect(screen.queryByTestId('timeline')).toBeNull();
    await user.click(toggle);
    expect(toggle.getAttribute('aria-expanded')).toBe('true');
    expect(screen.getByTestId('metrics-detail').textContent).toBe(
      'prompt: 33 tok @ 4.71 tok/s (7.0s) | gen: 20 tok @ 5.56 tok/s (3.6s)',
    );
    expect(screen.getByTestId('timeline').textContent).toMatch(
      /Understanding 7\.0s\s+Writing 3\.6s/,
    );
    expect(screen.getByText(/Ended by the model/)).toBeTruthy();
  });

  it('is copied as the Markdown it was written in', async () => {
    const { user, composer } = await opened();
    await user.type(composer, 'Show me hello world in Rust.{Enter}');
    await answered();
    await user.click(screen.getByTestId('copy-message'));
    expect(await navigator.clipboard.readText()).toContain('```rust\n');
    const code = screen.getAllByTestId('copy-code')[0]!;
    await user.click(code);
    expect(await navigator.clipboard.readText()).toMatch(
      /^\/\/\/ Greets whoever runs it\.\nfn main\(\) \{/,
    );
  });

  it('shows code in colour with the name of its language', async () => {
    const { user, composer } = await opened();
    await user.type(composer, 'Show me hello world in Rust.{Enter}');
    const answer = await answered();
    expect(answer.querySelector('.code-language')?.textContent).toBe('rust');
    expect(answer.querySelector('.hljs-keyword')?.textContent).toBe('fn');
  });

  it('shows where a link leads and goes nowhere', async () => {
    const { user, composer } = await opened();
    await user.type(composer, '/demo{Enter}');
    const answer = await answered();
    await user.click(within(answer).getByText('link'));
    expect(screen.getByTestId('link-card').textContent).toContain('https://example.com/page?x=1');
    await user.click(screen.getByTestId('copy-link'));
    expect(await navigator.clipboard.readText()).toBe('https://example.com/page?x=1');
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('link-card')).toBeNull();
    expect(answer.querySelector('a[href], img')).toBeNull();
  });
});

describe('a failed answer', () => {
  it('says what happened and is tried again beside the first', async () => {
    const { user, composer } = await opened();
    await user.type(composer, '/fail engineDied{Enter}');
    const answer = await answered();
    expect(answer.dataset['state']).toBe('interrupted');
    expect(screen.getAllByTestId('error-card')).toHaveLength(1);
    expect(screen.getByTestId('engine-state').dataset['status']).toBe('failed');
    await user.click(screen.getByTestId('error-action'));
    await waitFor(() => expect(screen.getByTestId('sibling-of').textContent).toBe('2/2'));
    await answered();
    await user.click(screen.getByTestId('sibling-previous'));
    expect(screen.getByTestId('sibling-of').textContent).toBe('1/2');
    expect(answers()[0]?.dataset['messageId']).toBe(answer.dataset['messageId']);
  });

  it('without a word is called failed', async () => {
    const { user, composer } = await opened();
    await user.type(composer, '/nothing internal{Enter}');
    expect((await answered()).dataset['state']).toBe('failed');
    await user.click(screen.getByTestId('error-action'));
    expect(screen.queryByTestId('error-card')).toBeNull();
    expect(screen.getByTestId('try-again')).toBeTruthy();
  });

  it('that was too long moves its text to a new chat', async () => {
    const { user, composer } = await opened();
    await user.type(composer, '/nothing promptTooLong{Enter}');
    await answered();
    await user.click(screen.getByTestId('error-action'));
    expect(answers()).toHaveLength(0);
    expect(screen.getByTestId<HTMLTextAreaElement>('composer').value).toBe(
      '/nothing promptTooLong',
    );
  });

  it('shows the technical rest on request', async () => {
    const { user, composer } = await opened();
    await user.type(composer, '/fail internal{Enter}');
    await answered();
    await user.click(screen.getByText('Details', { selector: 'summary' }));
    expect(screen.getByText(/GGML_ASSERT/)).toBeTruthy();
  });
});

describe('the model picker', () => {
  it('loads the self-test model', async () => {
    const { user } = await opened({ loaded: false });
    expect(screen.getByTestId('engine-state').textContent).toContain('No model');
    await user.click(screen.getByTestId('model-picker'));
    expect(screen.getByTestId('model-self-test').textContent).toContain('2.7 MB, included');
    await user.click(screen.getByTestId('model-self-test'));
    await waitFor(() => expect(screen.getByTestId('engine-state').dataset['status']).toBe('ready'));
    expect(screen.getByTestId('model-picker').textContent).toContain('Self-test model');
    expect(screen.queryByTestId('model-menu')).toBeNull();
  });

  it('is worked with the keyboard alone', async () => {
    const { user } = await opened({ loaded: false });
    screen.getByTestId('model-picker').focus();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('model-self-test')));
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement?.textContent).toContain('Llama 3.3');
    await user.keyboard('{End}');
    expect(document.activeElement?.textContent).toContain('missing');
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('model-menu')).toBeNull();
    expect(document.activeElement).toBe(screen.getByTestId('model-picker'));
  });

  it('does not load a file that is gone', async () => {
    const loadModel = vi.fn(() => Promise.resolve());
    const { user } = await opened({}, { loadModel });
    await user.click(screen.getByTestId('model-picker'));
    await user.click(screen.getByText(/The file is no longer at/));
    expect(loadModel).not.toHaveBeenCalled();
  });

  it('opens a file', async () => {
    const { user } = await opened({ loaded: false, pickedFile: '/models/Mistral-7B.Q4_K_M.gguf' });
    await user.click(screen.getByTestId('model-picker'));
    await user.click(screen.getByTestId('model-open-file'));
    await waitFor(() =>
      expect(screen.getByTestId('model-picker').textContent).toContain('Mistral-7B'),
    );
    expect(screen.getByTestId('model-picker').textContent).toContain('Q4_K_M');
  });

  it('says what is wrong with a setting', async () => {
    const { user } = await opened();
    await user.click(screen.getByTestId('model-picker'));
    await user.click(screen.getByText('Load settings'));
    await user.type(screen.getByTestId('setting-nCtx'), '12');
    expect(screen.getByTestId('setting-nCtx').getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByTestId<HTMLButtonElement>('load-again').disabled).toBe(true);
  });

  it('explains a load that failed and leads to another model', async () => {
    const { app, user } = await opened({ loaded: false });
    await app.engine.load('/models/broken.gguf');
    await tick();
    const card = screen.getByTestId('error-card');
    expect(card.textContent).toContain('There is not enough memory');
    await user.click(within(card).getByText('Choose another model'));
    expect(screen.getByTestId('model-menu')).toBeTruthy();
  });
});

describe('the sidebar', () => {
  const conversations = sampleConversations(Date.now());

  it('lists conversations by day and opens one', async () => {
    const { user } = await opened({ conversations });
    const items = screen.getAllByTestId('conversation-item');
    expect(items.map((i) => i.textContent?.trim())).toContain('Quantum things');
    await user.click(items.find((i) => i.textContent?.includes('Rust'))!);
    expect((await answered()).textContent).toContain('main.rs');
  });

  it('renames in place, and Esc leaves the name as it was', async () => {
    const { user } = await opened({ conversations });
    const first = () => screen.getAllByTestId('conversation-item')[0]!;
    await user.click(screen.getAllByTestId('conversation-menu')[0]!);
    await user.click(screen.getByTestId('conversation-rename'));
    await user.keyboard('Nonsense{Escape}');
    expect(first().textContent).toContain('Quantum things');
    await user.click(screen.getAllByTestId('conversation-menu')[0]!);
    await user.click(screen.getByTestId('conversation-rename'));
    await user.keyboard('Entanglement{Enter}');
    await waitFor(() => expect(first().textContent).toContain('Entanglement'));
  });

  it('deletes and brings back', async () => {
    const { user } = await opened({ conversations });
    const before = screen.getAllByTestId('conversation-item').length;
    await user.click(screen.getAllByTestId('conversation-menu')[0]!);
    await user.click(screen.getByTestId('conversation-delete'));
    await waitFor(() =>
      expect(screen.getAllByTestId('conversation-item')).toHaveLength(before - 1),
    );
    await user.click(screen.getByTestId('undo-delete'));
    await waitFor(() => expect(screen.getAllByTestId('conversation-item')).toHaveLength(before));
    expect(screen.queryByTestId('undo-delete')).toBeNull();
  });

  it('starts a new chat with the keyboard', async () => {
    const { user, composer } = await opened();
    await user.type(composer, 'Count to 20{Enter}');
    await answered();
    await user.keyboard('{Control>}n{/Control}');
    expect(answers()).toHaveLength(0);
    expect(screen.getByTestId('welcome')).toBeTruthy();
  });
});

describe('a chat without a message', () => {
  it('offers examples that are sent with one click', async () => {
    const { user } = await opened({ loaded: false });
    const examples = screen.getAllByTestId('example');
    expect(examples.map((e) => e.textContent?.trim())).toEqual([
      'explain quantum entanglement',
      'Count to 50',
      'Show me hello world in Rust.',
    ]);
    await user.click(examples[1]!);
    expect((await answered()).textContent).toContain('19, 20.');
  });
});

describe('the words', () => {
  it('are all in the catalogue: no key shows through', async () => {
    const { user, composer } = await opened({ conversations: sampleConversations(Date.now()) });
    await user.type(composer, '/fail engineDied{Enter}');
    await answered();
    await user.click(screen.getByTestId('metrics-toggle'));
    await user.click(screen.getByTestId('model-picker'));
    expect(document.body.innerHTML).not.toMatch(
      /(?:sidebar|metrics|models|settings|errors|message|engine|composer|welcome|units)\.[a-z]+[A-Za-z]*(?=["<])/,
    );
    expect(document.body.textContent).not.toMatch(/\{\{|undefined|NaN/);
  });
});
