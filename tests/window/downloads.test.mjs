// From a search to a model that answers, and what a download goes through on the way.
import assert from 'node:assert/strict';
import { freshHome, startApp } from './app.mjs';
import { ask, byId, click, keyboard, look } from './chat.mjs';
import { startHub } from './hub.mjs';
import {
  MiB,
  answeringModel,
  download,
  downloadIs,
  find,
  modelFiles,
  offer,
  openRepo,
  openTab,
  seeDownloads,
  seeLibrary,
  seeRepo,
} from './models.mjs';
import { throughout, until } from './waiting.mjs';

const repo = 'lab/Tiny-GGUF';
/** A repository with a model of so many MiB that is made up. */
const madeUp = (size, seed = 1) => ['--repo', repo, '--file', `Tiny-Q4_K_M.gguf=${size}M:${seed}`];

describe('a download', () => {
  it('goes from a search over a table with plans to a verified model that answers', async () => {
    const home = freshHome();
    const real = ['--file', `Tiny-Q8_0.gguf=@${answeringModel(home, 'Published llama')}`];
    const hub = await startHub(madeUp(40), real, '--licence', 'apache-2.0');
    const app = await startApp({ home, env: hub.env });
    await find(app, 'tiny');
    await app.browser.$(`${byId('repo')}[data-repo="${repo}"]`).waitForDisplayed();
    await click(app, 'repo');
    const rows = await until('the plans of both', async () => {
      const all = await seeRepo(app);
      return all.length === 2 && all.every(({ plan }) => plan === 'known') && all;
    });
    assert.deepEqual(rows.map(({ quant }) => quant).sort(), ['Q4_K_M', 'Q8_0']);
    for (const { text } of rows) assert.match(text, /Q\w+ [\d.]+ MB .*(fits|GPU|RAM)/i);
    // The plans come from the beginnings of the files.
    assert.ok((await hub.servedBytes()) < 20 * MiB, 'headers alone were read');

    await offer(app, 'Q8_0');
    const facts = await app.browser.$(byId('preflight'));
    await facts.waitForDisplayed();
    assert.match(await facts.getText(), /2\.9 MB/);
    assert.ok((await facts.getText()).includes(app.dataDir), 'the folder is named');
    assert.deepEqual(modelFiles(app), [], 'nothing is here before it is started');
    await click(app, 'offer-start');
    const underway = await app.browser.$(byId('remote-underway'));
    await until('the focus to be where the button was', () => underway.isFocused());
    await app.browser.keys('Enter');
    const ready = await downloadIs(app, 'ready');
    assert.match(ready.text, /Verified and ready, in .*Tiny-GGUF/);

    await openTab(app, 'library');
    const [model] = await until('the model in the library', async () => {
      const { models } = await seeLibrary(app);
      return models.length === 1 && models;
    });
    assert.equal(model.verified, 'verified');
    assert.match(model.text, new RegExp(`from ${repo}`));
    await click(app, 'library-chat');
    await until('it to be loaded', async () => {
      const { engine, model } = await look(app);
      return engine === 'ready' && /Published llama/.test(model);
    });
    assert.match((await ask(app, 'What is 2+2?')).text, /2 \+ 2 is 4\./);
    assert.deepEqual((await look(app)).errors, []);
  });

  it('begins with a click: before it, nothing is asked of anybody', async () => {
    const hub = await startHub(madeUp(40));
    const app = await startApp({ env: hub.env });
    await app.browser.$(byId('first-run')).waitForDisplayed();
    for (const tab of ['computer', 'library', 'downloads', 'find']) await openTab(app, tab);
    await openTab(app, 'downloads');
    await app.browser.$(`${byId('how-downloads')} summary`).click();
    await app.browser.$(byId('download-settings')).waitForDisplayed();
    await openTab(app, 'find');
    await click(app, 'find-words');
    await keyboard(app, 'tiny');
    await throughout('no request', async () => (await hub.requests()).length === 0, { span: 1500 });
    await app.browser.keys('Enter');
    await app.browser.$(byId('repo')).waitForDisplayed();
    const asked = await hub.requests();
    assert.deepEqual(
      asked.map(({ kind }) => kind),
      ['Search'],
    );
  });

  it('moves, stands still while it is paused, goes on from there, and leaves nothing when it is cancelled', async () => {
    const hub = await startHub(madeUp(64));
    const app = await startApp({ env: hub.env });
    await openRepo(app, repo);
    await offer(app, 'Q4_K_M');
    await app.browser.$(byId('offer-start')).waitForDisplayed();
    await hub.throttle(MiB / 2);
    await click(app, 'offer-start');
    await click(app, 'remote-underway');

    const first = await downloadIs(app, 'downloading', (it) => it.percent > 3 && it.left);
    assert.match(
      first.figures,
      /[\d.]+ of 67\.1 MB \d+ % [\d.]+ [kM]B\/s over \d connections? .*left/,
    );
    assert.equal(first.progress, first.percent);
    const further = await downloadIs(app, 'downloading', (it) => it.percent > first.percent + 3);
    assert.ok(further.map > first.map, `${further.map} parts are more than ${first.map}`);
    assert.match((await seeDownloads(app)).sidebar, /\d+ %/);

    await click(app, 'download-pause');
    await downloadIs(app, 'paused');
    let served = -1;
    await until(
      'what was on its way to have come',
      async () => {
        const before = served;
        served = await hub.servedBytes();
        return served === before;
      },
      { interval: 500 },
    );
    const paused = await downloadIs(app, 'paused');
    assert.ok(paused.percent > 0, 'what is here is kept');
    await throughout(
      'nothing to come',
      async () =>
        (await hub.servedBytes()) === served &&
        (await seeDownloads(app)).list[0].percent === paused.percent,
      { span: 1500 },
    );

    await click(app, 'download-resume');
    const again = await downloadIs(app, 'downloading', (it) => it.percent > 0);
    assert.ok(again.percent >= paused.percent, `${again.percent} % after ${paused.percent} %`);
    await downloadIs(app, 'downloading', (it) => it.percent > paused.percent);

    await click(app, 'download-cancel');
    await app.browser.$(byId('ask-cancel')).waitForDisplayed();
    await click(app, 'do-cancel');
    await app.browser.$(byId('downloads-empty')).waitForDisplayed();
    await until('everything of it to be gone', () => modelFiles(app).length === 0);
    assert.ok(!(await seeDownloads(app)).sidebar, 'the sidebar says nothing of downloads any more');
  });

  it('goes on by itself after the app was killed, without fetching everything again', async () => {
    const size = 192;
    const hub = await startHub(madeUp(size));
    const app = await startApp({ env: hub.env });
    await hub.throttle(4 * MiB);
    await download(app, repo, 'Q4_K_M');
    await downloadIs(app, 'downloading', (it) => it.percent >= 60);
    await app.crash();
    const served = await hub.servedBytes();
    await hub.throttle(0);

    const again = await startApp({ home: app.home, env: hub.env });
    await openTab(again, 'downloads');
    await downloadIs(again, 'ready');
    const fetched = (await hub.servedBytes()) - served;
    assert.ok(fetched < 0.75 * size * MiB, `${fetched / MiB} of ${size} MiB were fetched again`);
    await openTab(again, 'library');
    await until('it in the library', async () => {
      return (await seeLibrary(again)).models[0]?.verified === 'verified';
    });
  });

  it('waits with a countdown while the server is gone, lets people chat, and goes on by itself', async () => {
    const hub = await startHub(madeUp(64));
    const app = await startApp({ env: hub.env });
    await hub.throttle(MiB);
    await download(app, repo, 'Q4_K_M');
    await downloadIs(app, 'downloading', (it) => it.percent > 3);
    await hub.goOffline();

    const waiting = await downloadIs(app, 'waiting');
    assert.match(waiting.waits, /cannot be reached: Connection refused\./);
    assert.ok(waiting.percent > 0, 'what is here is kept');
    const first = await downloadIs(app, 'waiting', (it) =>
      /again in \d+ second/.test(it.countdown),
    );
    await downloadIs(app, 'waiting', (it) => it.countdown !== first.countdown);
    assert.match((await seeDownloads(app)).sidebar, /wait/i);

    await click(app, 'new-chat');
    assert.match((await ask(app, 'What is 2+2?')).text, /2 \+ 2 is 4\./);

    await hub.throttle(0);
    await hub.comeBack();
    await openTab(app, 'downloads');
    await downloadIs(app, 'ready', undefined, { timeout: 120_000 });
  });

  it('of wrong bytes fails with a sentence after the second time, and nothing of it is kept', async () => {
    const hub = await startHub(madeUp(8), '--play', 'D06-twice', '--seed', '5');
    const app = await startApp({ env: hub.env });
    await download(app, repo, 'Q4_K_M');
    const failed = await downloadIs(app, 'failed');
    assert.match(failed.text, /came twice with other bytes than those published/);
    assert.equal(failed.percent, 0, 'and nothing is said to be here');
    assert.match(failed.text, /Try another network, or another server\./);
    await until('nothing to be kept', () => modelFiles(app).length === 0);
    await openTab(app, 'library');
    await app.browser.$(byId('library-empty')).waitForDisplayed();
  });
});
