// A newcomer's first minutes.
import assert from 'node:assert/strict';
import { startApp } from './app.mjs';
import {
  ask,
  byId,
  click,
  ended,
  expectedAnswer,
  look,
  plain,
  send,
  type,
  writing,
} from './chat.mjs';
import { slowDown } from './processes.mjs';
import { until } from './waiting.mjs';

const metricsLine = /^⚡ \d+\.\d\d tok\/s \| 📝 \d+ tokens \| ⏱️ \d+\.\d+s total$/;

describe('the first answer', () => {
  it('comes whole to a newcomer who types a question and presses Enter', async () => {
    const app = await startApp();
    const answer = await ask(app, 'explain quantum entanglement');
    assert.equal(answer.state, 'complete');
    assert.ok(
      plain(answer.text).includes(plain(expectedAnswer('explain quantum entanglement'))),
      answer.text,
    );
    assert.equal((await look(app)).engine, 'ready');
    assert.deepEqual((await look(app)).errors, []);
  });

  it('comes piece by piece', async () => {
    const app = await startApp();
    await ask(app, 'hi');
    slowDown((await app.runningEngine()).pid);
    await send(app, 'explain quantum entanglement');
    const first = await writing(app, 10);
    const more = await writing(app, first.text.length + 20);
    assert.ok(more.text.startsWith(first.text), 'what is there stays');
    const { text } = await ended(app);
    assert.equal(plain(text), plain(expectedAnswer('explain quantum entanglement')));
  });

  it('is followed by one line of metrics that opens into details and a timeline', async () => {
    const app = await startApp();
    const answer = await ask(app, 'explain quantum entanglement');
    assert.match(plain(answer.metrics), metricsLine);
    await click(app, 'metrics-toggle');
    const { browser } = app;
    await browser.$(byId('timeline')).waitForDisplayed();
    const timeline = await browser.$(byId('timeline')).getText();
    assert.match(timeline, /Understanding/);
    assert.match(timeline, /Writing/);
    const details =
      /prompt: \d+ tok @ [\d.–]+ tok\/s \(\d+\.\d+s\) \| gen: \d+ tok @ [\d.–]+ tok\/s \(\d+\.\d+s\)/;
    await until('the second line of metrics', async () => {
      return details.test(plain(await browser.$(byId('message-assistant')).getText()));
    });
  });

  it('colours code and names its language', async () => {
    const app = await startApp();
    await ask(app, 'Show me hello world in Rust.');
    const code = await app.browser.execute(() => {
      const block = document.querySelector('[data-testid="message-assistant"] pre');
      const around =
        block?.closest('figure, [data-language], .code, .code-block') ?? block?.parentElement;
      return {
        text: block?.innerText,
        coloured: block?.querySelectorAll('span').length,
        around: around?.innerText,
      };
    });
    assert.match(code.text, /println!\("Hello, world!"\);/);
    assert.ok(code.coloured > 2, 'parts of the code have colours of their own');
    assert.match(code.around, /rust/i);
  });

  it('knows in the third turn what was told in the first', async () => {
    const app = await startApp();
    await ask(app, 'My name is Ada.');
    await ask(app, 'What is the capital of France?');
    const answer = await ask(app, 'What is my name?');
    assert.match(answer.text, /Your name is Ada\./);
  });

  it('is not sent by Shift+Enter, which begins a new line', async () => {
    const app = await startApp();
    await type(app, 'one');
    await app.browser.keys(['Shift', 'Enter']);
    await until('a second line', async () => (await look(app)).composer === 'one\n');
    assert.deepEqual((await look(app)).messages, []);
  });

  it('is sent by the button as well', async () => {
    const app = await startApp();
    await type(app, 'What is 2+2?');
    await click(app, 'send');
    const answer = await until('an answer', async () => ended(app));
    assert.match(answer.text, /2 \+ 2 is 4\./);
  });
});
