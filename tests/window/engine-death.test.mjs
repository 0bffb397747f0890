// The engine dies; the window does not.
import assert from 'node:assert/strict';
import { startApp } from './app.mjs';
import { ask, ended, lastAnswer, look, send, writing } from './chat.mjs';
import { isAlive, signal, slowDown } from './processes.mjs';
import { throughout, until } from './waiting.mjs';

describe('when the engine dies', () => {
  for (const death of ['SIGKILL', 'SIGSEGV', 'SIGABRT']) {
    it(`of ${death} in the middle of an answer, the text so far stays and the next message works`, async () => {
      const app = await startApp();
      await ask(app, 'hi');
      const engine = await app.runningEngine();
      slowDown(engine.pid);
      await send(app, 'Count as far as you can.');
      const before = await writing(app, 20);
      await kill(engine, death);
      const answer = await ended(app);
      assert.equal(answer.state, 'interrupted');
      assert.ok(answer.text.startsWith(before.text.slice(0, 20)), 'what was shown is still there');
      await assertExplained(app);
      assert.ok(app.isRunning());
      assert.match((await ask(app, 'What is 2+2?')).text, /2 \+ 2 is 4\./);
      assert.equal(isAlive(engine), false);
    });
  }

  it('while idle, the next message works', async () => {
    const app = await startApp();
    await ask(app, 'hi');
    const engine = await app.runningEngine();
    await kill(engine, 'SIGKILL');
    assert.match((await ask(app, 'What is 2+2?')).text, /2 \+ 2 is 4\./);
  });

  it('again and again, it is not started in a loop', async () => {
    const app = await startApp();
    await ask(app, 'hi');
    // Each new engine is killed at once: the app must give up and say so instead of trying for ever.
    const killed = new Set();
    const killing = setInterval(() => {
      const engine = app.engine();
      if (!engine) return;
      killed.add(`${engine.pid} ${engine.started}`);
      signal(engine.pid, 'SIGKILL');
    }, 5);
    try {
      await send(app, 'What is 2+2?');
      await ended(app);
      const starts = killed.size;
      // The one that was there; the load and, since it may have been short of memory, three smaller tries; and one that is
      // asked what this computer has.
      assert.ok(starts <= 6, `the engine was started ${starts} times`);
      await throughout('no further engine is started', () => killed.size <= starts + 1, {
        span: 3000,
      });
    } finally {
      clearInterval(killing);
    }
    assert.notEqual((await lastAnswer(app)).state, 'complete');
    await assertExplained(app);
    assert.match((await ask(app, 'What is 2+2?')).text, /2 \+ 2 is 4\./);
  });
});

/**
 * Sends the signal until the process is gone: Rust's watch for stack overflows swallows the first SIGSEGV that comes
 * from outside, while a real fault would come again at once.
 */
function kill(engine, name) {
  return until(`the engine to die of ${name}`, () => {
    signal(engine.pid, name);
    return !isAlive(engine);
  });
}

/** Somewhere in the window stands a sentence about it, and what can be done. */
async function assertExplained(app) {
  await until('a sentence about the engine', async () => {
    const { errors, messages } = await look(app);
    return [...errors, ...messages.map(({ text }) => text)].some((text) =>
      /engine|model/i.test(text),
    );
  });
}
