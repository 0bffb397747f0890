// What leads out of the window: links, folders and files go through Rust, and only what may.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freshHome, startApp } from './app.mjs';
import { ask, byId, click, look } from './chat.mjs';
import { throughout, until } from './waiting.mjs';

const fixtures = path.resolve(import.meta.dirname, '../fixtures');
const refused = JSON.parse(readFileSync(path.join(fixtures, 'refused-links.json'), 'utf8'));

/** The app with a file in the place of the browser and the file manager: what they would open is a line in it. */
async function startWithOpener(home = freshHome()) {
  const opened = path.join(home, 'opened.txt');
  const app = await startApp({ home, env: { PADDOCK_TEST_OPENER: opened } });
  await app.browser.$(byId('composer')).waitForDisplayed();
  const lines = () =>
    existsSync(opened) ? readFileSync(opened, 'utf8').split('\n').slice(0, -1) : [];
  return { app, lines };
}

/** Calls commands as a script in the page could, one after the other: [{ ok, error }]. */
const invokeAll = (app, calls) =>
  app.browser.executeAsync((list, done) => {
    const invoke = window.__TAURI_INTERNALS__.invoke;
    (async () => {
      const results = [];
      for (const [command, args] of list) {
        results.push(
          await invoke(command, args).then(
            (ok) => ({ ok }),
            (error) => ({ error }),
          ),
        );
      }
      done(results);
    })();
  }, calls);

describe('the way out', () => {
  it('is closed to every address that is none of the web', async () => {
    const { app, lines } = await startWithOpener();
    const results = await invokeAll(
      app,
      refused.map((url) => ['open_link', { url }]),
    );
    assert.equal(results.length, refused.length);
    for (const [index, { error }] of results.entries())
      assert.equal(error?.code, 'badInput', `${JSON.stringify(refused[index])} is refused`);
    assert.deepEqual(lines(), []);
    assert.deepEqual(await invokeAll(app, [['open_link', { url: 'https://example.com/a?b#c' }]]), [
      { ok: null },
    ]);
    assert.deepEqual(lines(), ['https://example.com/a?b#c']);
  });

  it('opens a link of an answer after its address was shown, and that very address', async () => {
    const { app, lines } = await startWithOpener();
    const here = await app.browser.getUrl();
    await ask(app, 'Show me a link.');
    await app.browser.execute(() => {
      document.querySelector('[data-testid="message-assistant"] [data-url]').click();
    });
    const card = app.browser.$(byId('link-card'));
    await card.waitForDisplayed();
    const shown = await card.getText();
    assert.ok(shown.includes('https://example.com/'), shown);
    assert.deepEqual(lines(), [], 'nothing is opened before it was seen');
    await click(app, 'open-link');
    await until('the address to be opened', () => lines().length > 0);
    assert.deepEqual(lines(), ['https://example.com/']);
    assert.equal(await app.browser.getUrl(), here);
    assert.equal((await app.browser.getWindowHandles()).length, 1);
  });

  it('names every place and opens its folder', async () => {
    const { app, lines } = await startWithOpener();
    const [{ ok: places }] = await invokeAll(app, [['places', {}]]);
    assert.deepEqual(
      places.map(({ kind, path: place }) => [kind, place]),
      [
        ['data', app.dataDir],
        ['database', path.join(app.dataDir, 'paddock.db')],
        ['backups', path.join(app.dataDir, 'backups')],
        ['models', path.join(app.dataDir, 'models')],
      ],
    );
    for (const { path: place, exists } of places) assert.equal(exists, existsSync(place), place);
    const results = await invokeAll(app, [
      ['open_place', { kind: 'data' }],
      ['open_place', { kind: 'database' }],
      ['open_place', { kind: '/etc' }],
      ['open_place', { kind: 'data', path: '/etc' }],
    ]);
    assert.ok(results[2].error, 'a path is no place');
    assert.deepEqual(lines(), [app.dataDir, app.dataDir, app.dataDir]);
  });

  it('leads files through a dialog: what nobody chooses is not written', async () => {
    const home = freshHome();
    const choice = path.join(home, 'choice.txt');
    writeFileSync(choice, '\n');
    const app = await startApp({ home, env: { PADDOCK_TEST_DIALOG: choice } });
    await app.browser.$(byId('composer')).waitForDisplayed();
    const chosen = await invokeAll(app, [
      ['pick_folder', {}],
      ['pick_model_file', {}],
      ['import_conversations', {}],
      ['export_all', {}],
    ]);
    assert.deepEqual(chosen, [{ ok: null }, { ok: null }, { ok: null }, { ok: null }]);
    writeFileSync(choice, `${home}\n`);
    assert.deepEqual(await invokeAll(app, [['pick_folder', {}]]), [{ ok: home }]);
  });

  it('does not exist for windows, frames, files and downloads', async () => {
    const { app, lines } = await startWithOpener();
    const here = await app.browser.getUrl();
    const file = path.join(app.home, 'page.html');
    writeFileSync(file, '<title>Elsewhere</title><script>document.title = "ran"</script>');
    await app.browser.execute(
      (address) => {
        const leave = (attributes, name = 'a') => {
          const element = Object.assign(document.createElement(name), attributes);
          document.body.append(element);
          element.click?.();
          element.requestSubmit?.();
        };
        for (const url of [address, 'https://example.com/', 'data:text/html,x', 'about:blank']) {
          window.open(url);
          window.open(url, '_blank', 'popup');
          leave({ href: url });
          leave({ href: url, target: '_blank' });
          leave({ href: url, target: '_top' });
          leave({ href: url, download: 'x.html' });
          leave({ src: url }, 'iframe');
          leave({ action: url }, 'form');
          leave({ action: url, target: '_blank' }, 'form');
        }
        const blob = URL.createObjectURL(new Blob(['<script>1</script>'], { type: 'text/html' }));
        leave({ href: blob });
        leave({ href: blob, download: 'x.html' });
        window.open(blob);
        // As when a file is dropped on the window and the page does nothing with it.
        location.assign(address);
      },
      `file://${encodeURI(file)}`,
    );
    await throughout(
      'the window stays where it is',
      async () =>
        (await app.browser.getUrl()) === here &&
        (await app.browser.getWindowHandles()).length === 1,
      { span: 1500 },
    );
    assert.deepEqual(lines(), []);
    assert.equal((await ask(app, 'What is 2+2?')).state, 'complete');
    assert.deepEqual((await look(app)).errors, []);
  });
});
