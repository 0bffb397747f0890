// Every command, called by the page as no page of ours would.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freshHome, startApp } from './app.mjs';
import { ask, byId, look } from './chat.mjs';

const bindings = readFileSync(
  path.resolve(import.meta.dirname, '../../ui/src/lib/host/bindings.ts'),
  'utf8',
);
/** Every command there is: its name, and whether it takes anything. */
const commands = [...bindings.matchAll(/__TAURI_INVOKE<.*?>\("(\w+)"(, \{)?/g)].map(
  ([, name, takes]) => ({ name, takes: Boolean(takes) }),
);

/** Commands of Tauri and of its plugins that a page may have in other programs. */
const others = [
  'plugin:fs|read_file',
  'plugin:fs|read_text_file',
  'plugin:fs|write_file',
  'plugin:fs|read_dir',
  'plugin:fs|remove',
  'plugin:store|load',
  'plugin:store|save',
  'plugin:store|set',
  'plugin:opener|open_url',
  'plugin:opener|open_path',
  'plugin:opener|reveal_item_in_dir',
  'plugin:shell|open',
  'plugin:shell|execute',
  'plugin:shell|spawn',
  'plugin:dialog|open',
  'plugin:dialog|save',
  'plugin:dialog|message',
  'plugin:notification|notify',
  'plugin:notification|request_permission',
  'plugin:http|fetch',
  'plugin:process|exit',
  'plugin:process|restart',
  'plugin:updater|check',
  'plugin:clipboard-manager|read_text',
  'plugin:app|version',
  'plugin:app|app_show',
  'plugin:app|set_app_theme',
  'plugin:event|emit',
  'plugin:event|emit_to',
  'plugin:window|create',
  'plugin:window|close',
  'plugin:window|destroy',
  'plugin:window|set_title',
  'plugin:window|get_all_windows',
  'plugin:webview|create_webview',
  'plugin:webview|create_webview_window',
  'plugin:webview|internal_toggle_devtools',
  'plugin:webview|clear_all_browsing_data',
  'plugin:path|resolve_directory',
  'plugin:path|resolve',
  'plugin:resources|close',
  'plugin:image|from_path',
  'plugin:menu|new',
  'plugin:menu|popup',
  'plugin:tray|new',
  'plugin:single-instance|x',
  'nobody_made_this',
  '__proto__',
  'constructor',
  '../app_info',
  '',
];

const deep = (depth) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);

/** One value after the other for whatever a command takes. */
const values = [
  null,
  true,
  -1,
  1e308,
  2 ** 53,
  '',
  '\u0000',
  '../../../etc/passwd',
  "'; DROP TABLE messages; --",
  '\u202e\ud800',
  'x'.repeat(50_000),
  [],
  {},
  deep(60),
  { __proto__: null, constructor: 1 },
];

/** The names of everything that any command takes. */
const names = [
  ...new Set([...bindings.matchAll(/\{ ([\w, ]+) \}\)/g)].flatMap(([, list]) => list.split(', '))),
];

/** Calls each and waits for all: 'ok', 'refused', 'unknown' (not for this page) or 'silent' (no answer). */
async function outcomes(app, calls, everywhere) {
  await app.browser.execute(
    (list, all, value) => {
      // Put together here: sent for each command, a long value would be too long.
      const same = Object.fromEntries(all.map((name) => [name, value]));
      window.outcomesForTheTest = null;
      const say = (error) =>
        /not allowed|not found|denied|missing|unknown/i.test(String(error))
          ? String(error)
          : 'refused';
      const limit = (call) =>
        Promise.race([call, new Promise((silent) => setTimeout(silent, 60_000, 'silent'))]);
      const one = ([command, args]) =>
        limit(
          window.__TAURI_INTERNALS__.invoke(command, args ?? same).then(
            () => 'ok',
            (error) => (typeof error === 'string' ? say(error) : 'refused'),
          ),
        );
      void Promise.all(list.map(one)).then((all) => (window.outcomesForTheTest = all));
    },
    calls,
    names,
    everywhere ?? null,
  );
  return app.browser.waitUntil(() => app.browser.execute(() => window.outcomesForTheTest), {
    timeout: 100_000,
    interval: 100,
  });
}

async function start() {
  const home = freshHome();
  // No dialog and no browser opens; nobody chooses anything.
  const choice = path.join(home, 'choice.txt');
  writeFileSync(choice, '');
  const env = { PADDOCK_TEST_DIALOG: choice, PADDOCK_TEST_OPENER: path.join(home, 'opened.txt') };
  const app = await startApp({ home, env });
  await app.browser.$(byId('composer')).waitForDisplayed();
  return app;
}

/** The window lives, the app is whole, and no part of it has panicked. */
async function assertWhole(app) {
  assert.ok(app.isRunning());
  assert.doesNotMatch(app.log, /panicked/);
  assert.equal((await app.browser.getWindowHandles()).length, 1);
  await app.browser.refresh();
  await app.browser.$(byId('composer')).waitForDisplayed();
  assert.equal((await ask(app, 'What is 2+2?')).state, 'complete');
  assert.deepEqual((await look(app)).errors, []);
}

describe('a command', () => {
  it('that is not Paddock’s own is refused, whoever made it', async () => {
    const app = await start();
    const args = { path: '/etc/passwd', url: 'https://example.com', event: 'x', label: 'main' };
    const results = await outcomes(
      app,
      others.map((name) => [name, args]),
    );
    for (const [index, result] of results.entries())
      assert.match(result, /not allowed|not found|denied|unknown/i, others[index]);
    await assertWhole(app);
  });

  it('without what it needs is refused', async () => {
    const app = await start();
    const needy = commands.filter(({ takes }) => takes);
    assert.ok(needy.length > 40, `${needy.length} commands take something`);
    // `chatStop` and its like take an id; what may be left out is not needed.
    const optional = ['draft', 'context_use', 'set_hub_token', 'count_tokens'];
    const results = await outcomes(
      app,
      needy.map(({ name }) => [name, {}]),
    );
    for (const [index, { name }] of needy.entries())
      if (!optional.includes(name)) assert.notEqual(results[index], 'ok', name);
    await assertWhole(app);
  });

  it('with anything at all in its hands breaks nothing', async function () {
    this.timeout(600_000);
    const app = await start();
    // Measuring takes seconds each time, and downloads and searches ask the network.
    const slow =
      /^(?:measure_hardware|search_hub|repo_details|plan_remote|check_download|start_download)$/;
    for (const value of values) {
      const results = await outcomes(
        app,
        commands.filter(({ name }) => !slow.test(name)).map(({ name }) => [name, null]),
        value,
      );
      assert.ok(
        !results.includes('silent'),
        `every command answers to ${JSON.stringify(value)?.slice(0, 80)}`,
      );
      assert.ok(app.isRunning());
    }
    await assertWhole(app);
  });
});
