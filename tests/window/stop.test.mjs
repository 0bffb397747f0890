// Stopping an answer.
import assert from 'node:assert/strict';
import { startApp } from './app.mjs';
import { ask, click, ended, expectedAnswer, look, plain, send, writing } from './chat.mjs';
import { slowDown } from './processes.mjs';
import { until } from './waiting.mjs';

const ways = {
  'the Stop button': (app) => click(app, 'stop'),
  Esc: (app) => app.browser.keys('Escape'),
};

describe('stopping', () => {
  for (const [name, stop] of Object.entries(ways)) {
    it(`by ${name} keeps what was written and marks it`, async () => {
      const app = await startApp();
      await ask(app, 'hi');
      const release = slowDown((await app.runningEngine()).pid);
      await send(app, 'Count as far as you can.');
      const before = await writing(app, 20);
      await stop(app);
      const answer = await ended(app);
      release();
      assert.equal(answer.state, 'stopped');
      assert.ok(answer.text.startsWith(before.text.slice(0, 20)), 'what was shown is still there');
      assert.ok(
        plain(answer.text).length < expectedAnswer('Count as far as you can.').length,
        'it is not the whole answer',
      );
      await until('the engine to be ready again', async () => (await look(app)).engine === 'ready');
      assert.match((await ask(app, 'What is 2+2?')).text, /2 \+ 2 is 4\./);
    });
  }
});
