// Another server that answers: added in the settings, chosen in the picker, asked for nothing without a click.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { freshHome, startApp } from './app.mjs';
import { ask, byId, click, look } from './chat.mjs';
import { throughout, until } from './waiting.mjs';

const key = 'sk-window-4711';

/** A server that speaks OpenAI's chat API and keeps what it was asked. */
async function startAnswerer() {
  const requests = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const { authorization } = request.headers;
      requests.push({ asked: `${request.method} ${request.url}`, authorization, body });
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ data: [{ id: 'far-away', max_model_len: 4096 }] }));
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const content of ['I am ', 'elsewhere.'])
        response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
      const end = { choices: [{ delta: {}, finish_reason: 'stop' }] };
      response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return { requests, address: `http://127.0.0.1:${port}/v1`, host: `127.0.0.1:${port}`, server };
}

describe('another server', () => {
  let other;
  beforeEach(async () => (other = await startAnswerer()));
  afterEach(() => {
    other.server.closeAllConnections();
    other.server.close();
  });

  it('is asked for its models by one click, for an answer by another, and for nothing by a start', async () => {
    const home = freshHome();
    const asked = () => other.requests.map((request) => request.asked);
    let app = await startApp({ home });
    await app.browser.$(byId('composer')).waitForDisplayed();
    await click(app, 'first-run-skip');
    await app.browser.keys(['Control', ',']);
    await app.browser.$(byId('row-remotes')).waitForExist();
    await click(app, 'remote-add');
    await app.browser.$(byId('remote-address')).setValue(other.address);
    assert.deepEqual(asked(), []);
    await click(app, 'remote-save');
    await app.browser.$(byId('remote-row')).waitForDisplayed();
    assert.deepEqual(asked(), ['GET /v1/models']);
    await click(app, 'settings-back');
    await click(app, 'model-picker');
    await click(app, 'remote-option');
    const isMarked = async () => (await look(app)).model.includes(other.host);
    await until('the mark of the server', isMarked);
    await app.close();

    app = await startApp({ home });
    await until('the mark of the server after a restart', isMarked);
    await throughout('nothing is sent', () => asked().length === 1, { span: 2000 });
    const answer = await ask(app, 'Where are you?');
    assert.equal(answer.state, 'complete');
    assert.equal(answer.text, 'I am elsewhere.');
    assert.deepEqual(asked(), ['GET /v1/models', 'POST /v1/chat/completions']);
    const { messages } = JSON.parse(other.requests[1].body);
    assert.deepEqual(messages, [{ role: 'user', content: 'Where are you?' }]);
  });

  it('that wants another key is not kept, and the key is shown nowhere', async () => {
    other.server.removeAllListeners('request');
    other.server.on('request', (_, response) => response.writeHead(401).end('{}'));
    const app = await startApp();
    await app.browser.$(byId('composer')).waitForDisplayed();
    await click(app, 'first-run-skip');
    await app.browser.keys(['Control', ',']);
    await app.browser.$(byId('row-remotes')).waitForExist();
    await click(app, 'remote-add');
    await app.browser.$(byId('remote-address')).setValue(other.address);
    await app.browser.$(byId('remote-key')).setValue(key);
    await click(app, 'remote-save');
    await app.browser.$(byId('remote-add-problem')).waitForDisplayed();
    assert.ok(!(await app.browser.$('body').getText()).includes(key));
    assert.ok(!app.log.includes(key));
    assert.equal(await app.browser.$(byId('remote-row')).isExisting(), false);
  });
});
