// What a person does and sees in the window.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TooLate, until } from './waiting.mjs';

const selfTest = path.resolve(import.meta.dirname, '../../models/self-test');

/** The self-test model's answer to a message, from the list its makers keep. */
export function expectedAnswer(question) {
  const { cases } = JSON.parse(readFileSync(path.join(selfTest, 'answers.json'), 'utf8'));
  const found = cases.find(
    ({ system, messages }) => !system && messages.length === 1 && messages[0].content === question,
  );
  assert.ok(found, `answers.json has no answer to "${question}"`);
  return found.expect;
}

/** An element by its test id. */
export const byId = (id) => `[data-testid="${id}"]`;

/** Everything a test may want to know about the window, read in one go so that it belongs together. */
export function look(app) {
  return app.browser.execute(() => {
    const all = (id, within = document) => [...within.querySelectorAll(`[data-testid="${id}"]`)];
    const text = (element) => element?.innerText.trim() ?? '';
    const composer = all('composer')[0];
    const field = composer?.matches('textarea, input')
      ? composer
      : composer?.querySelector('textarea, input');
    return {
      engine: all('engine-state')[0]?.dataset.status,
      model: text(all('model-picker')[0]),
      composer: field?.value,
      messages: [
        ...document.querySelectorAll(
          '[data-testid="message-user"], [data-testid="message-assistant"]',
        ),
      ].map((element) => ({
        role: element.dataset.testid.slice('message-'.length),
        state: element.dataset.state,
        text: text(element.querySelector('.answer, .text')),
        metrics: text(all('metrics', element)[0]),
      })),
      conversations: all('conversation-item').map(text),
      errors: all('error-card').map(text),
    };
  });
}

/** The last answer in the window, as look() describes it. */
export async function lastAnswer(app) {
  return (await look(app)).messages.filter(({ role }) => role === 'assistant').at(-1);
}

/** Clicks what has this test id, once it is there and can be clicked. */
export async function click(app, id) {
  await until(`${id} to be clicked`, async () => {
    await app.browser.$(byId(id)).click();
    return true;
  });
}

/** Types text on the keyboard, key after key, into whatever has the focus. */
export async function keyboard(app, text) {
  const keys = app.browser.action('key');
  for (const character of text) keys.down(character).up(character);
  await keys.perform();
}

/** Puts text into the message field by the keyboard. */
export async function type(app, text) {
  await click(app, 'composer');
  await keyboard(app, text);
  await until('the typed text to be there', async () => (await look(app)).composer?.endsWith(text));
}

/** Types a message and presses Enter; returns once it is in the window. */
export async function send(app, text) {
  const before = (await look(app)).messages.length;
  await type(app, text);
  await app.browser.keys('Enter');
  await until(
    'the message to be in the window',
    async () => (await look(app)).messages.length >= before + 2,
  );
}

/** Waits until the last answer has ended, however it ended, and returns it. */
export async function ended(app, { timeout = 60_000, interval } = {}) {
  return until(
    'the answer to end',
    async () => {
      const answer = await lastAnswer(app);
      return answer?.state && answer.state !== 'writing' && answer;
    },
    { timeout, interval },
  );
}

/** Sends a message and returns the finished answer. */
export async function ask(app, question) {
  await send(app, question);
  return ended(app);
}

/** Waits until the last answer is being written and at least `characters` of it are in the window. */
export async function writing(app, characters = 1) {
  return until(`${characters} characters of an answer being written`, async () => {
    const answer = await lastAnswer(app);
    if (answer?.text && answer.state !== 'writing')
      throw new TooLate(`The answer is ${answer.state} already.`);
    return answer?.state === 'writing' && answer.text.length >= characters && answer;
  });
}

/** Text without regard to how it is wrapped. */
export const plain = (text) => text.replace(/\s+/g, ' ').trim();
