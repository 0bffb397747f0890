// Hundreds of answers that try to run something, load something or lead away, in the real window.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { startApp } from './app.mjs';
import { ask, byId, look } from './chat.mjs';
import { seededHome } from './seeded.mjs';
import { until } from './waiting.mjs';

const fixture = path.resolve(import.meta.dirname, '../fixtures/hostile-markdown.json');
const payloads = Object.values(JSON.parse(readFileSync(fixture, 'utf8'))).flat();

/** From now on everything is noted that a script of an answer could do, and every request the page makes. */
const watch = (app) =>
  app.browser.execute(() => {
    const seen = { ran: [], blocked: [], asked: [], opened: [] };
    window.seenByTheTest = seen;
    for (const name of ['alert', 'confirm', 'prompt', 'print'])
      window[name] = (text) => void seen.ran.push(`${name}(${text})`);
    window.open = (url) => void seen.opened.push(String(url));
    // Directives name what was tried; whatever the page itself may do is not reported.
    document.addEventListener('securitypolicyviolation', (event) =>
      seen.blocked.push(`${event.effectiveDirective} ${event.blockedURI}`),
    );
    window.addEventListener('error', (event) => seen.ran.push(`error: ${event.message}`));
    // Every command goes out by this: its address ends with the command's name.
    const { fetch } = window;
    window.fetch = (resource, options) => {
      seen.asked.push(decodeURIComponent(String(resource.url ?? resource)));
      return fetch.call(window, resource, options);
    };
  });

/** What was noted, and what was fetched without anybody's code: pictures, styles, frames. */
const seen = (app) =>
  app.browser.execute(() => ({
    ...window.seenByTheTest,
    fetched: performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => !/^(?:tauri|ipc):\/\/localhost\/|^(?:data|blob):/.test(name)),
  }));

const commands = (asked) =>
  [
    ...new Set(
      asked.map((url) => url.replace(/^(?:ipc:\/\/localhost|http:\/\/ipc\.localhost)\//, '')),
    ),
  ].sort();

/** Opens a conversation by its place in the list. */
async function open(app, title) {
  await until(`“${title}” to be opened`, () =>
    app.browser.execute((wanted) => {
      const items = [...document.querySelectorAll('[data-testid="conversation-item"]')];
      const item = items.find((one) => one.innerText.includes(wanted));
      (item?.querySelector('button, a') ?? item)?.click();
      return Boolean(item);
    }, title),
  );
  await app.browser.$(byId('message-assistant')).waitForDisplayed();
}

/** Goes through the whole conversation from its end to its beginning and says what of each answer was drawn. */
async function readAll(app) {
  await app.browser.setTimeout({ script: 170_000 });
  return app.browser.executeAsync((done) => {
    const drawn = new Map();
    const forbidden = new Set();
    const frame = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
    const first = document.querySelector('[data-testid="message-assistant"]');
    let view = first.parentElement;
    while (view && !/auto|scroll/.test(getComputedStyle(view).overflowY)) view = view.parentElement;
    view ??= document.scrollingElement;
    const note = () => {
      for (const message of document.querySelectorAll('[data-testid="message-user"]')) {
        const number = /^Payload (\d+)\./.exec(message.innerText.trim())?.[1];
        if (number) drawn.set(number, true);
      }
      for (const answer of document.querySelectorAll('[data-testid="message-assistant"] .answer')) {
        for (const element of answer.querySelectorAll('*')) {
          if (
            /^(?:script|style|i?frame|object|embed|form|base|meta|link|video|audio|dialog)$/.test(
              element.localName,
            )
          )
            forbidden.add(`<${element.localName}>`);
          for (const { name, value } of element.attributes) {
            if (/^on|^(?:srcdoc|srcset|action|formaction|ping|background|poster)$/.test(name))
              forbidden.add(`${element.localName} ${name}=${value}`);
            // A drawing made here may be shown as a picture; nothing may be fetched.
            if (/^(?:src|href|xlink:href)$/.test(name) && !/^(?:blob:|data:image\/|#)/.test(value))
              forbidden.add(`${element.localName} ${name}=${value}`);
          }
        }
      }
    };
    (async () => {
      let before = -1;
      view.scrollTop = view.scrollHeight;
      await frame();
      for (let step = 0; step < 5000; step += 1) {
        await frame();
        await frame();
        note();
        if (view.scrollTop === 0 && before === 0) break;
        before = view.scrollTop;
        view.scrollTop = Math.max(0, view.scrollTop - view.clientHeight * 0.8);
      }
      done({ drawn: [...drawn.keys()].length, forbidden: [...forbidden] });
    })();
  });
}

describe('hostile answers', () => {
  let server;
  let address;
  let requests;

  before(async () => {
    server = createServer((request, response) => {
      requests.push(request.url);
      response.setHeader('access-control-allow-origin', '*');
      response.end('alert(1)');
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${server.address().port}`;
  });
  beforeEach(() => (requests = []));
  after(() => server.close());

  it('run nothing, ask for nothing and call no command, more than five hundred of them', async () => {
    assert.ok(payloads.length >= 500);
    // As far as they reach anybody, they reach the server of this test.
    const hostile = payloads.map((text) => text.replaceAll('https://evil.example', address));
    const turns = (answers) => answers.map((answer, index) => [`Payload ${index}.`, answer]);
    const harmless = hostile.map((_, index) => `Answer **${index}** with \`code\`.`);
    const home = seededHome([
      { title: 'Harmless', turns: turns(harmless) },
      { title: 'Hostile', turns: turns(hostile) },
    ]);
    const app = await startApp({ home });
    await app.browser.$(byId('composer')).waitForDisplayed();
    await watch(app);
    await open(app, 'Harmless');
    assert.equal((await readAll(app)).drawn, payloads.length);
    // What the app itself calls to show a conversation is what it may call to show this one.
    const usual = commands((await seen(app)).asked);
    await app.browser.execute(() => (window.seenByTheTest.asked.length = 0));
    const here = await app.browser.getUrl();
    await open(app, 'Hostile');
    const read = await readAll(app);
    assert.deepEqual(read, { drawn: payloads.length, forbidden: [] });
    const found = await seen(app);
    const unusual = commands(found.asked).filter((command) => !usual.includes(command));
    assert.deepEqual(
      { ...found, asked: unusual, requests },
      { ran: [], blocked: [], asked: [], opened: [], fetched: [], requests: [] },
    );
    assert.equal(await app.browser.getUrl(), here);
    assert.equal((await app.browser.getWindowHandles()).length, 1);
    // The page is whole: nothing has taken the place of what it needs.
    assert.deepEqual((await look(app)).errors, []);
    assert.equal((await ask(app, 'What is 2+2?')).state, 'complete');
  });
});
