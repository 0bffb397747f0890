// Hundreds of answers that try to run something, load something or lead away, in the real window.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startApp } from './app.mjs';
import { ask, byId, click, look } from './chat.mjs';
import { startOutsider } from './outsider.mjs';
import { seededHome } from './seeded.mjs';
import { until } from './waiting.mjs';

const fixture = path.resolve(import.meta.dirname, '../fixtures/hostile-markdown.json');
/** So many in one conversation. */
const inOne = 80;
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

/** Opens the conversation with this title, and waits until its last answer is the one shown. */
async function open(app, title) {
  await until(`“${title}” to be opened`, () =>
    app.browser.execute((wanted) => {
      const items = [...document.querySelectorAll('[data-testid="conversation-item"]')];
      const item = items.find((one) => one.innerText.trim() === wanted);
      (item?.querySelector('button, a') ?? item)?.click();
      return Boolean(item);
    }, title),
  );
  await until('its messages', async () => {
    const answers = await app.browser.execute(() =>
      [...document.querySelectorAll('[data-testid="message-assistant"] .answer')].map(
        (answer) => answer.innerText,
      ),
    );
    return answers.at(-1)?.includes(`End of ${title}.`);
  });
}

/** Goes through the whole conversation from its end to its beginning and says what of each answer was drawn. */
async function readAll(app) {
  await app.browser.execute(() => {
    const drawn = new Set();
    const forbidden = new Set();
    window.readByTheTest = null;
    const look = (element) => {
      if (!(element instanceof Element) || !element.closest('.answer')) return;
      if (
        /^(?:script|style|i?frame|object|embed|form|base|meta|link|video|audio|dialog)$/.test(
          element.localName,
        )
      )
        forbidden.add(`<${element.localName}>`);
      for (const { name, value } of element.attributes) {
        if (
          /^on|^(?:srcdoc|srcset|action|formaction|ping|background|poster)$/.test(name) ||
          // A drawing made here may be shown as a picture; nothing may be fetched.
          (/^(?:src|href|xlink:href)$/.test(name) && !/^(?:blob:|data:image\/|#)/.test(value))
        )
          forbidden.add(`${element.localName} ${name}=${value}`);
      }
    };
    const lookInto = (root) => {
      look(root);
      for (const element of root.querySelectorAll?.('*') ?? []) look(element);
    };
    // What comes for a moment only is looked at too.
    const observer = new MutationObserver((changes) => {
      for (const { type, target, addedNodes } of changes) {
        if (type === 'attributes') look(target);
        else addedNodes.forEach(lookInto);
      }
    });
    const first = document.querySelector('[data-testid="message-assistant"]');
    let view = first.parentElement;
    while (!/auto|scroll/.test(getComputedStyle(view).overflowY)) view = view.parentElement;
    observer.observe(view, { subtree: true, childList: true, attributes: true });
    lookInto(view);
    const frame = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
    const note = () => {
      const { left, width, top, bottom } = view.getBoundingClientRect();
      for (let y = top + 4; y < bottom; y += 16) {
        const under = document.elementFromPoint(left + width / 2, y);
        const message = under?.closest('[data-testid="message-user"]');
        const number = /Payload (\d+)\./.exec(message?.innerText ?? '')?.[1];
        if (number) drawn.add(number);
      }
    };
    const read = async () => {
      view.scrollTop = view.scrollHeight;
      for (let before = -1; ; view.scrollTop = Math.max(0, before - view.clientHeight * 0.7)) {
        await frame();
        await frame();
        note();
        if (view.scrollTop === 0 && before === 0) break;
        before = view.scrollTop;
        // The hand of a reader: without it the window keeps to the end.
        view.dispatchEvent(new WheelEvent('wheel', { deltaY: -1, bubbles: true }));
      }
      // And down again: on the way up, heights that were guessed became known, and things moved.
      for (let before = -1; before !== view.scrollTop;) {
        before = view.scrollTop;
        note();
        view.scrollTop = before + view.clientHeight * 0.5;
        await frame();
        await frame();
      }
      note();
      observer.disconnect();
      window.readByTheTest = { drawn: drawn.size, forbidden: [...forbidden] };
    };
    read().catch((error) => (window.readByTheTest = { error: String(error) }));
  });
  return until(
    'the conversation to be read',
    () => app.browser.execute(() => window.readByTheTest),
    {
      timeout: 170_000,
      interval: 200,
    },
  );
}

describe('hostile answers', () => {
  let outsider;

  before(async () => (outsider = await startOutsider({ body: 'alert(1)' })));
  after(() => outsider.close());

  it('run nothing, ask for nothing and call no command, more than five hundred of them', async function () {
    this.timeout(600_000);
    assert.ok(payloads.length >= 500);
    // As far as they reach anybody, they reach the server of this test.
    const hostile = payloads.map((text) => text.replaceAll('https://evil.example', outsider.url));
    const turns = (answers) => answers.map((answer, index) => [`Payload ${index}.`, answer]);
    // The last answer of each tells which conversation is open.
    const end = (name) => ['And?', `End of ${name}.`];
    const conversations = [];
    for (let at = 0; at < hostile.length; at += inOne) {
      const title = `Hostile-${at}`;
      conversations.push({ title, turns: [...turns(hostile.slice(at, at + inOne)), end(title)] });
    }
    const harmless = Array.from(
      { length: inOne },
      (_, index) => `Answer **${index}** with \`code\`.`,
    );
    const home = seededHome([
      ...conversations,
      { title: 'Harmless', turns: [...turns(harmless), end('Harmless')] },
    ]);
    const app = await startApp({ home });
    await app.browser.$(byId('composer')).waitForDisplayed();
    await watch(app);
    await open(app, 'Harmless');
    assert.equal((await readAll(app)).drawn, inOne);
    // What the app itself calls to show a conversation is what it may call to show the others.
    const usual = commands((await seen(app)).asked);
    await app.browser.execute(() => (window.seenByTheTest.asked.length = 0));
    const here = await app.browser.getUrl();
    for (const { title, turns: all } of conversations) {
      await open(app, title);
      assert.deepEqual(await readAll(app), { drawn: all.length - 1, forbidden: [] }, title);
    }
    const found = await seen(app);
    const unusual = commands(found.asked).filter((command) => !usual.includes(command));
    assert.deepEqual(
      { ...found, asked: unusual, requests: outsider.requests },
      { ran: [], blocked: [], asked: [], opened: [], fetched: [], requests: [] },
    );
    assert.equal(await app.browser.getUrl(), here);
    assert.equal((await app.browser.getWindowHandles()).length, 1);
    // The page is whole: nothing has taken the place of what it needs.
    assert.deepEqual((await look(app)).errors, []);
    await click(app, 'new-chat');
    assert.equal((await ask(app, 'What is 2+2?')).state, 'complete');
  });
});
