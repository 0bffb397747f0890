// Starting twice, closing, reloading.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { freshHome, startApp } from './app.mjs';
import { ask, click, expectedAnswer, look, plain, send, writing } from './chat.mjs';
import { isAlive, slowDown } from './processes.mjs';
import { until } from './waiting.mjs';

describe('the app', () => {
  it('starts with one script and one sheet of styles', () => {
    const page = readFileSync(new URL('../../ui/dist/index.html', import.meta.url), 'utf8');
    assert.equal(page.match(/<script /g).length, 1);
    assert.equal(page.match(/rel="stylesheet"/g).length, 1);
    assert.doesNotMatch(page, /modulepreload/);
  });

  it('started a second time ends at once and leaves everything to the first', async () => {
    const app = await startApp();
    await ask(app, 'hi');
    const second = spawn(app.application, [], { env: app.environment(), stdio: 'ignore' });
    const [code] = await once(second, 'exit');
    assert.equal(code, 0);
    assert.deepEqual(
      app.windows().map(({ pid }) => pid),
      [app.process.pid],
    );
    assert.match((await ask(app, 'What is 2+2?')).text, /2 \+ 2 is 4\./);
  });

  it('ends its engine when its window is closed', async () => {
    const app = await startApp();
    await ask(app, 'hi');
    const engine = await app.runningEngine();
    // WebdriverIO reports that its session ends with the last window.
    await app.browser.closeWindow().catch(() => {});
    await until('the app to end', () => !app.isRunning());
    await until('the engine to end', () => !isAlive(engine), { timeout: 2000 });
  });

  it('loses nothing of an answer when the page is reloaded in the middle of it', async () => {
    const app = await startApp({ home: freshHome() });
    await ask(app, 'hi');
    const release = slowDown((await app.runningEngine()).pid);
    await send(app, 'Count to 100.');
    await writing(app, 20);
    await app.browser.refresh();
    release();
    await click(app, 'conversation-item');
    await until('the whole answer', async () => {
      const answer = (await look(app)).messages.at(-1);
      return answer?.state === 'complete' && plain(answer.text) === expectedAnswer('Count to 100.');
    });
  });
});
