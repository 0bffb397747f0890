// What a machine can tell of how accessible the window is: axe-core, in the real one, in every view.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { freshHome, startApp } from './app.mjs';
import { ask, byId, click, type } from './chat.mjs';
import { startHub } from './hub.mjs';
import { sideways } from './layout.mjs';
import { openRepo, openTab } from './models.mjs';
import { until } from './waiting.mjs';

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

const shown = (app, id) => app.browser.$(byId(id)).waitForDisplayed();

/** Every view: how to get to it from the start. A new view is a new line. */
const views = {
  'a new chat': (app) => shown(app, 'welcome'),
  'an answer with a table': (app) => ask(app, 'Show me a table.'),
  'an answer with formulas': (app) => ask(app, 'Show me a formula.'),
  'an answer with code': async (app) => {
    await ask(app, 'Show me hello world in Rust.');
    await click(app, 'metrics-toggle');
  },
  'a question that is changed': async (app) => {
    await ask(app, 'What is 2+2?');
    await click(app, 'edit-question');
    await shown(app, 'edit-message');
  },
  'the menu of an answer': async (app) => {
    await ask(app, 'What is 2+2?');
    await app.browser.$(`${byId('message-assistant')} ${byId('message-menu')}`).click();
    await shown(app, 'edit-answer');
  },
  'how a chat is set up': async (app) => {
    await click(app, 'setup');
    await app.browser.$(`${byId('setup-sampling')} summary`).click();
    await shown(app, 'sampling-temperature');
  },
  'the search over everything': async (app) => {
    await app.browser.keys(['Control', 'k']);
    await shown(app, 'search-palette');
  },
  'the keys': async (app) => {
    await app.browser.keys(['Control', '/']);
    await shown(app, 'shortcut-sheet');
  },
  'the settings': async (app) => {
    await app.browser.keys(['Control', ',']);
    await shown(app, 'settings-view');
    await shown(app, 'row-policy');
  },
  'what fits on this computer': async (app) => {
    await openTab(app, 'computer');
    await shown(app, 'plan');
  },
  'the models that are here': async (app) => {
    await openTab(app, 'library');
    await until('the folders to be looked through', () =>
      app.browser.$(`${byId('library')}[aria-busy="false"]`).isExisting(),
    );
  },
  'the search for models': (app) => openTab(app, 'find'),
  'the downloads': async (app) => {
    await openTab(app, 'downloads');
    await app.browser.$(`${byId('how-downloads')} summary`).click();
    await shown(app, 'download-settings');
  },
};

const sizes = { wide: [1280, 800], narrow: [480, 700] };
const themes = ['light', 'dark'];

/** Puts the look that is asked for where the window keeps its own choice, and opens it anew. */
async function look(app, { theme, language }) {
  await app.browser.executeAsync(
    (chosenTheme, chosenLanguage, done) => {
      const remember = (key, text) => window.__TAURI_INTERNALS__.invoke('remember', { key, text });
      void remember('theme', chosenTheme)
        .then(() => remember('language', chosenLanguage ?? null))
        .then(done);
    },
    theme,
    language,
  );
  await app.browser.refresh();
  await shown(app, 'composer');
}

/** What axe finds wrong, one line for each element. */
async function violations(app) {
  await app.browser.execute(axeSource);
  const found = await app.browser.executeAsync((done) => {
    // A colour on its way from one to another is neither.
    const still = document.getAnimations().map((animation) => animation.finished.catch(() => {}));
    Promise.all(still)
      .then(() => window.axe.run(document, { resultTypes: ['violations'] }))
      .then(
        (result) => done(result.violations),
        (error) => done([{ id: 'axe', help: String(error), nodes: [] }]),
      );
  });
  return found.flatMap(({ id, help, nodes }) =>
    nodes.length === 0
      ? [`${id}: ${help}`]
      : nodes.map((node) => `${id}: ${help}\n      ${node.html}\n      ${node.failureSummary}`),
  );
}

/** Everything that is wrong in this view, in both sizes. */
async function faults(app, name) {
  const found = [];
  for (const [size, [width, height]] of Object.entries(sizes)) {
    await app.browser.setWindowSize(width, height);
    for (const fault of [...(await sideways(app)), ...(await violations(app))]) {
      found.push(`${name}, ${size}: ${fault}`);
    }
  }
  await app.browser.setWindowSize(...sizes.wide);
  return found;
}

/** Goes through the views in one look; what is wrong in all of them is said at once. */
async function through(app, wanted) {
  const found = [];
  for (const [name, open] of Object.entries(views)) {
    await look(app, wanted);
    await open(app);
    found.push(...(await faults(app, name)));
  }
  assert.deepEqual(found, []);
}

describe('axe finds nothing wrong', () => {
  for (const theme of themes) {
    it(`in any view with the ${theme} theme`, async () => {
      const app = await startApp();
      await click(app, 'first-run-skip');
      await through(app, { theme, language: 'en' });
    });
  }

  it('in any view in Arabic, from right to left', async () => {
    const app = await startApp();
    await click(app, 'first-run-skip');
    await look(app, { theme: 'light', language: 'ar' });
    assert.deepEqual(
      await app.browser.execute(() => [
        document.documentElement.lang,
        getComputedStyle(document.body).direction,
      ]),
      ['ar', 'rtl'],
    );
    await through(app, { theme: 'light', language: 'ar' });
  });

  it('in Arabic an empty field runs as the window does, and what is typed runs its own way', async () => {
    const app = await startApp();
    await click(app, 'first-run-skip');
    await look(app, { theme: 'light', language: 'ar' });
    const direction = () =>
      app.browser.execute(
        (field) => getComputedStyle(document.querySelector(field)).direction,
        byId('composer'),
      );
    assert.equal(await direction(), 'rtl');
    await type(app, 'plain English');
    assert.equal(await direction(), 'ltr');
  });

  it('in the first run', async () => {
    const found = [];
    for (const theme of themes) {
      const app = await startApp({ home: freshHome() });
      await look(app, { theme, language: 'en' });
      await shown(app, 'first-run');
      for (const seen of ['first-run', 'computer-cards', 'memory-bar', 'offer-download']) {
        if (seen !== 'first-run') await click(app, 'first-run-next');
        await shown(app, seen);
        found.push(...(await faults(app, `${seen}, ${theme}`)));
      }
      await app.close();
      app.forget();
    }
    assert.deepEqual(found, []);
  });
});

/** Boxes that are lower than the words in them, and do not scroll. */
const clipped = (app) =>
  app.browser.execute(() =>
    [...document.querySelectorAll('main *, nav *')]
      .filter((element) => {
        const { overflowY, display } = getComputedStyle(element);
        return (
          display !== 'inline' &&
          overflowY === 'hidden' &&
          element.clientHeight > 1 &&
          element.scrollHeight > element.clientHeight + 2 &&
          element.innerText?.trim()
        );
      })
      .map((element) => element.outerHTML.slice(0, 160)),
  );

const repo = 'lab/Tiny-GGUF';

describe('everything twice as large at 1280×800', () => {
  const ways = {
    // Zoomed to 200 %, a window has half as many pixels to lay itself out in.
    'by zooming': (app) => app.browser.setWindowSize(640, 400),
    // All sizes of letters are in rem, which is what a larger font of the system changes.
    'by larger letters': (app) =>
      app.browser.execute(() => void (document.documentElement.style.fontSize = '200%')),
  };
  for (const [way, enlarge] of Object.entries(ways)) {
    it(`loses nothing, ${way}`, async () => {
      const hub = await startHub('--repo', repo, '--file', 'Tiny-Q4_K_M.gguf=16M');
      const app = await startApp({ env: hub.env });
      await click(app, 'first-run-skip');
      const found = [];
      const all = { ...views, 'the models of a repository': () => openRepo(app, repo) };
      for (const [name, open] of Object.entries(all)) {
        await app.browser.setWindowSize(...sizes.wide);
        await look(app, { theme: 'light', language: 'en' });
        await open(app);
        await enlarge(app);
        const faults = [...(await sideways(app)), ...(await clipped(app))];
        found.push(...faults.map((fault) => `${name}: ${fault}`));
      }
      assert.deepEqual(found, []);
    });
  }
});

describe('the list of conversations', () => {
  it('is as wide as its letters are large', async () => {
    const app = await startApp();
    await click(app, 'first-run-skip');
    await app.browser.setWindowSize(...sizes.wide);
    const width = () =>
      app.browser.execute(
        (side) => document.querySelector(side).getBoundingClientRect().width,
        byId('side'),
      );
    const before = await width();
    await app.browser.execute(() => void (document.documentElement.style.fontSize = '200%'));
    assert.equal(await width(), before * 2);
  });
});

describe('the language', () => {
  it('is chosen in the first run, holds at once, and is kept', async () => {
    const app = await startApp();
    await shown(app, 'first-run');
    await app.browser.$(byId('language')).selectByAttribute('value', 'ar');
    const spoken = (it) =>
      it.browser.execute(() => [document.documentElement.lang, document.documentElement.dir]);
    await until('Arabic', async () => (await spoken(app)).join() === 'ar,rtl');
    const button = await app.browser.$(byId('first-run-skip')).getText();
    assert.match(button, /\p{Script=Arabic}/u);
    await app.close();
    const again = await startApp({ home: app.home });
    await until('Arabic after a restart', async () => (await spoken(again)).join() === 'ar,rtl');
  });
});
