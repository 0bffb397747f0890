// The models that are here: deleted and brought back, verified and repaired.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { startApp } from './app.mjs';
import { byId, click } from './chat.mjs';
import { startHub } from './hub.mjs';
import { MiB, download, downloadIs, openTab, seeLibrary } from './models.mjs';
import { until } from './waiting.mjs';

const repo = 'lab/Tiny-GGUF';

/** An app with one model that was downloaded, at the list of models. */
async function withModel() {
  const hub = await startHub('--repo', repo, '--file', 'Tiny-Q4_K_M.gguf=24M:9');
  const app = await startApp({ env: hub.env });
  await download(app, repo, 'Q4_K_M');
  await downloadIs(app, 'ready');
  await openTab(app, 'library');
  const { path } = await modelIs(app, 'verified');
  return { app, hub, file: path };
}

const modelIs = (app, verified) =>
  until(`the model to be ${verified}`, async () => {
    const [model] = (await seeLibrary(app)).models;
    return model?.verified === verified && model;
  });

const checksum = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('a model on this computer', () => {
  it('is deleted, and is back as it was after Undo', async () => {
    const { app, file } = await withModel();
    const before = checksum(file);
    await click(app, 'library-delete');
    await app.browser.$(byId('library-deleted')).waitForDisplayed();
    await until('the list without it', async () => (await seeLibrary(app)).models.length === 0);
    assert.equal(existsSync(file), false);
    await click(app, 'library-undo');
    await modelIs(app, 'verified');
    assert.equal((await seeLibrary(app)).deleted, 0);
    assert.equal(checksum(file), before);
  });

  it('is gone for good once the app was closed and opened again', async () => {
    const { app, hub, file } = await withModel();
    await click(app, 'library-delete');
    await until('the list without it', async () => (await seeLibrary(app)).models.length === 0);
    await app.close();
    const again = await startApp({ home: app.home, env: hub.env });
    await openTab(again, 'library');
    await again.browser.$(byId('library-empty')).waitForDisplayed();
    assert.equal((await seeLibrary(again)).deleted, 0);
    assert.equal(existsSync(file), false);
  });

  it('that was damaged is found out by Verify, and repaired with no more than the damaged part', async () => {
    const { app, hub, file } = await withModel();
    const before = checksum(file);
    await click(app, 'library-verify');
    await modelIs(app, 'verified');

    const damaged = openSync(file, 'r+');
    writeSync(damaged, 'this is not what was published', 13 * MiB);
    closeSync(damaged);
    await click(app, 'library-verify');
    const broken = await modelIs(app, 'broken');
    assert.match(broken.text, /is not what was published: [\d.]+ MB of it are damaged/);
    const chat = app.browser.$(byId('library-chat'));
    assert.equal(await chat.isEnabled(), false, 'a broken model is not loaded');

    const served = await hub.servedBytes();
    await click(app, 'library-repair');
    await app.browser.$(`${byId('models-view')}[data-tab="downloads"]`).waitForDisplayed();
    await downloadIs(app, 'ready');
    await openTab(app, 'library');
    await modelIs(app, 'verified');
    assert.equal(checksum(file), before);
    const fetched = (await hub.servedBytes()) - served;
    assert.ok(fetched < 12 * MiB, `${fetched / MiB} MiB were fetched for one damaged place`);
  });
});
