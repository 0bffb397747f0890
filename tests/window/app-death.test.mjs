// The app itself dies without warning.
import assert from 'node:assert/strict';
import path from 'node:path';
import { buildEnv } from '../../scripts/build-env.mjs';
import { freshHome, startApp } from './app.mjs';
import { ask, ended, look, plain, send, writing, click } from './chat.mjs';
import { isAlive, slowDown } from './processes.mjs';
import { TooLate, until } from './waiting.mjs';

/** Writes as slowly as it is told to, unlike the self-test model. */
const slowEngine = {
  PADDOCK_ENGINE_EXE: path.join(buildEnv().CARGO_TARGET_DIR, 'debug', 'scripted-engine'),
};
const rounds = 8;
/** What was in the window this long before the end must be there after it. */
const allowedLoss = 250;

describe('when the app is killed', () => {
  it('no engine outlives it by two seconds', async () => {
    const app = await startApp();
    await ask(app, 'hi');
    const engine = await app.runningEngine();
    await app.crash();
    await until('the engine to end', () => !isAlive(engine), { timeout: 2000 });
  });

  it('no engine outlives it by two seconds, not even one that is writing', async () => {
    const app = await startApp();
    await ask(app, 'hi');
    const engine = await app.runningEngine();
    slowDown(engine.pid);
    await send(app, 'Count as far as you can.');
    await writing(app);
    await app.crash();
    await until('the engine to end', () => !isAlive(engine), { timeout: 2000 });
  });

  it(`in the middle of ${rounds} answers, each is there after the restart but for its last moment`, async function () {
    this.timeout(240_000);
    const random = seededRandom(20261121);
    const home = freshHome();
    for (let round = 1; round <= rounds; round++) {
      const target = Math.floor(random() * 200);
      const shown = await writeAndCrash(home, target);
      const found = await reopenAndRead(home);
      const where = `round ${round}, killed at ${shown.length} characters`;
      assert.ok(
        found.text.startsWith(shown),
        `${where}: shown "${shown.slice(-30)}", found "${found.text.slice(-60)}"`,
      );
      assert.equal(found.state, 'interrupted', where);
    }
  });
});

/**
 * Starts the app, has it write a long answer, and kills it once `target` characters are in the window. Returns the
 * text that was in the window `allowedLoss` before that.
 */
async function writeAndCrash(home, target) {
  const app = await startApp({ home, env: slowEngine });
  await click(app, 'new-chat');
  await ask(app, 'hi');
  // A minute of text, of which two seconds are seen.
  await send(app, 'stream 20000 at 300');
  const samples = [];
  await until(
    'enough of the answer',
    async () => {
      const { text, state } = (await look(app)).messages.at(-1);
      if (text && state !== 'writing') throw new TooLate(`The answer is ${state} already.`);
      samples.push({ at: Date.now(), text });
      // Killed no sooner than the loss that is allowed, or there would be nothing to look for.
      const first = samples.find((sample) => sample.text !== '');
      return text.length >= target && first && Date.now() - first.at > allowedLoss + 50;
    },
    { timeout: 60_000, interval: 5 },
  );
  const killedAt = Date.now();
  await app.crash();
  const { text } = samples.filter(({ at }) => at <= killedAt - allowedLoss).at(-1);
  // Its last word may have grown since.
  return plain(text).replace(/\S*$/, '').trim();
}

/** Starts the app again and reads the last answer of the newest conversation. */
async function reopenAndRead(home) {
  const app = await startApp({ home, env: slowEngine });
  await until(
    'the conversation in the list',
    async () => (await look(app)).conversations.length > 0,
  );
  await click(app, 'conversation-item');
  const answer = await until('the interrupted answer', async () => {
    const { messages } = await look(app);
    return messages.length === 4 && messages.at(-1).state !== 'writing' && messages.at(-1);
  });
  // It can be gone on with.
  assert.match((await ask(app, 'one two')).text, /one two/);
  await ended(app);
  await app.close();
  return { ...answer, text: plain(answer.text) };
}

/** The same "random" numbers on every run (mulberry32), so that a failure can be repeated. */
function seededRandom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
