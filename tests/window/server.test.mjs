// The local server, switched on in the window.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { freshHome, startApp } from './app.mjs';
import { byId, click } from './chat.mjs';
import { until } from './waiting.mjs';

/** A port that is free now. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const textOf = (app, id) => app.browser.$(byId(id)).getText();

async function openServerSettings(app) {
  await click(app, 'nav-settings');
  await click(app, 'to-server');
  await app.browser.$(byId('server-state')).waitForDisplayed();
}

const ask = (url, key, content) =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ messages: [{ role: 'user', content }] }),
  });

describe('the local server', () => {
  it('is switched on in the settings, answers whoever has the key, and is on again after a restart', async () => {
    const home = freshHome();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/v1`;
    let app = await startApp({ home });
    await openServerSettings(app);
    await assert.rejects(ask(url, '', 'hi'), 'nothing listens before');
    const field = await app.browser.$(byId('server-port'));
    await field.setValue(String(port));
    await app.browser.keys('Tab');
    await app.browser.$(byId('setting-server')).click();
    await until('the address', async () => (await textOf(app, 'server-state')).includes(url));
    await click(app, 'server-key-show');
    await app.browser.$(byId('server-key')).waitForDisplayed();
    const key = await textOf(app, 'server-key');
    const answer = await ask(url, key, 'What is the capital of France?');
    assert.equal(answer.status, 200);
    assert.match((await answer.json()).choices[0].message.content, /Paris/);
    assert.equal((await ask(url, 'wrong', 'hi')).status, 401);
    await app.close();

    app = await startApp({ home });
    await until('the server', async () => (await ask(url, 'wrong', 'hi')).status === 401);
    await openServerSettings(app);
    await app.browser.$(byId('setting-server')).click();
    await until('the end of it', () =>
      ask(url, key, 'hi').then(
        () => false,
        () => true,
      ),
    );
  });
});
