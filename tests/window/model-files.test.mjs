// Model files given on the command line: good ones load, others are refused in words.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freshHome, startApp } from './app.mjs';
import { ask, click, look } from './chat.mjs';
import { until } from './waiting.mjs';

const selfTestFolder = path.resolve(import.meta.dirname, '../../models/self-test');

function selfTestFile() {
  const name = readdirSync(selfTestFolder).find((file) => file.endsWith('.gguf'));
  assert.ok(name, 'the self-test model is in models/self-test');
  return path.join(selfTestFolder, name);
}

describe('a file on the command line', () => {
  it('is loaded when it is a model', async () => {
    const home = freshHome();
    const file = path.join(home, 'my own model.gguf');
    copyFileSync(selfTestFile(), file);
    const app = await startApp({ home, args: [file] });
    await until('the model to be ready', async () => (await look(app)).engine === 'ready');
    assert.match((await ask(app, 'What is 2+2?')).text, /2 \+ 2 is 4\./);
    assert.deepEqual((await look(app)).errors, []);
  });

  const whole = () => readFileSync(selfTestFile());
  const bad = {
    'cut short': () => whole().subarray(0, whole().length / 2),
    'cut in its header': () => whole().subarray(0, 1000),
    empty: () => Buffer.alloc(0),
    'something else': () => Buffer.from('%PDF-1.7 this is not a model at all\n'.repeat(100)),
  };
  for (const [what, bytes] of Object.entries(bad)) {
    it(`that is ${what} is refused with a reason, and the window stays usable`, async () => {
      const home = freshHome();
      const file = path.join(home, 'broken.gguf');
      writeFileSync(file, bytes());
      await assertRefused(await startApp({ home, args: [file] }));
    });
  }

  it('that is a folder is refused with a reason, and the window stays usable', async () => {
    const home = freshHome();
    const folder = path.join(home, 'folder.gguf');
    mkdirSync(folder);
    await assertRefused(await startApp({ home, args: [folder] }));
  });

  it('that does not exist is refused with a reason, and the window stays usable', async () => {
    const home = freshHome();
    await assertRefused(await startApp({ home, args: [path.join(home, 'nowhere.gguf')] }));
  });
});

async function assertRefused(app) {
  const [message] = await until('an error card', async () => {
    const { errors } = await look(app);
    return errors.length > 0 && errors;
  });
  // What happened and why are sentences, not codes.
  assert.match(message, /\w+ \w+ \w+.*\./s);
  assert.doesNotMatch(message, /NullResult|panicked|Err\(|unwrap|0x[0-9a-f]{4}/);
  await click(app, 'model-picker');
  await click(app, 'model-self-test');
  await until('the self-test model to be ready', async () => (await look(app)).engine === 'ready');
  assert.match((await ask(app, 'What is 2+2?')).text, /2 \+ 2 is 4\./);
}
