// An engine that does what it must not. The scripted engine stands in for the real one.
import assert from 'node:assert/strict';
import path from 'node:path';
import { buildEnv } from '../../scripts/build-env.mjs';
import { startApp } from './app.mjs';
import { ask, ended, look, send, writing } from './chat.mjs';
import { throughout, until } from './waiting.mjs';

const scriptedEngine = path.join(buildEnv().CARGO_TARGET_DIR, 'debug', 'scripted-engine');

const startScripted = (script) =>
  startApp({ env: { PADDOCK_ENGINE_EXE: scriptedEngine, PADDOCK_SCRIPT: script } });

describe('an engine', () => {
  for (const script of ['garbage', 'oversized']) {
    it(`that sends ${script} is replaced, and the window says so`, async () => {
      const app = await startScripted(script);
      await send(app, 'hello');
      const answer = await ended(app);
      assert.ok(['failed', 'interrupted'].includes(answer.state), answer.state);
      await assertExplained(app);
      assert.ok(app.isRunning());
    });
  }

  it('that ends in the middle of an answer leaves what it wrote', async () => {
    const app = await startScripted('exit-on-generate');
    await send(app, 'one two three four five six seven eight');
    const answer = await ended(app);
    assert.equal(answer.state, 'interrupted');
    assert.match(answer.text, /one two/);
    await assertExplained(app);
  });

  for (const script of ['abort-on-load', 'old-version']) {
    it(`that cannot be used (${script}) is not started for ever`, async () => {
      const app = await startScripted(script);
      const starts = new Set();
      await send(app, 'hello').catch(() => {}); // refused, with the text left where it was typed
      const watching = () => {
        const engine = app.engine();
        if (engine) starts.add(`${engine.pid} ${engine.started}`);
        return starts.size <= 3;
      };
      await assertExplained(app);
      await throughout('it is not started again and again', watching, { span: 2000, interval: 5 });
    });
  }

  it('that writes 5,000 tokens a second is shown to its end, and the window stays usable', async () => {
    const app = await startScripted('');
    await ask(app, 'hello');
    await send(app, 'stream 20000 at 5000');
    await writing(app, 1000);
    const answer = await until(
      'the end of the stream',
      async () => {
        const state = await app.browser.execute(
          () =>
            [...document.querySelectorAll('[data-testid="message-assistant"]')].at(-1)?.dataset
              .state,
        );
        return state === 'complete' && state;
      },
      { timeout: 60_000, interval: 100 },
    );
    assert.equal(answer, 'complete');
    assert.deepEqual((await look(app)).errors, []);
  });
});

/** A card says what happened, in words. */
async function assertExplained(app) {
  const [text] = await until('an error card', async () => {
    const { errors } = await look(app);
    return errors.length > 0 && errors;
  });
  assert.match(text, /engine|model/i);
  assert.match(text, /\w+ \w+ \w+.*\./s);
}
