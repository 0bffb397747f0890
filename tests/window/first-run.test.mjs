// The card that greets a newcomer, and never stands in the way.
import assert from 'node:assert/strict';
import { freshHome, startApp } from './app.mjs';
import { ask, byId, click, look } from './chat.mjs';
import { startHub } from './hub.mjs';
import { answeringModel, downloadIs } from './models.mjs';
import { throughout, until } from './waiting.mjs';

const card = (app) => app.browser.$(byId('first-run')).isExisting();
const started = (app) => app.browser.$(byId('composer')).waitForDisplayed();
/** The card comes a moment after the message field. */
const greeted = (app) => until('the first run', () => card(app));

/** Goes on to the step that offers a download. */
async function toDownload(app) {
  await greeted(app);
  for (const seen of ['computer-cards', 'memory-bar', 'offer-download']) {
    await click(app, 'first-run-next');
    await app.browser.$(byId(seen)).waitForDisplayed();
  }
}

/** What the first run offers on this computer. */
async function suggested() {
  const app = await startApp();
  await toDownload(app);
  const offer = app.browser.$(byId('offer'));
  const found = {
    repo: await offer.getAttribute('data-repo'),
    model: await offer.getAttribute('data-model'),
  };
  await app.close();
  return found;
}

describe('the first run', () => {
  it('is skipped once and does not come back after a restart', async () => {
    const app = await startApp();
    await greeted(app);
    await click(app, 'first-run-skip');
    await until('the card to be gone', async () => !(await card(app)));
    await app.close();
    const again = await startApp({ home: app.home });
    await started(again);
    await throughout('no first run', async () => !(await card(again)), { span: 1500 });
  });

  it('leaves the message field free: a message is answered and the card is gone', async () => {
    const app = await startApp();
    await greeted(app);
    const answer = await ask(app, 'hi');
    assert.equal(answer.state, 'complete');
    assert.equal(await card(app), false);
    await click(app, 'new-chat');
    await app.browser.$(byId('welcome')).waitForDisplayed();
    assert.equal(await card(app), false);
  });

  it('goes through its steps to a measured answer and into the chat', async () => {
    const app = await startApp();
    await greeted(app);
    const { browser } = app;
    await click(app, 'first-run-next');
    await browser.$(byId('computer-cards')).waitForDisplayed();
    await click(app, 'first-run-next');
    await browser.$(byId('memory-bar')).waitForDisplayed();
    await click(app, 'first-run-next');
    // What to download is shown, and nothing is asked of the network before somebody clicks.
    await browser.$(byId('offer-download')).waitForDisplayed();
    await click(app, 'first-run-next');
    await browser.$(byId('check-which')).waitForDisplayed();
    await click(app, 'first-run-next');
    await browser.$(byId('check-result')).waitForDisplayed({ timeout: 60_000 });
    assert.match(await browser.$(byId('check-result')).getText(), /[\d.,]+ tok\/s, measured/);
    assert.match(await browser.$(byId('check-answer')).getText(), /19, 20/);
    await until('no conversation to be left', async () => {
      return (await look(app)).conversations.length === 0;
    });
    await click(app, 'first-run-next');
    await until('the card to be gone', async () => !(await card(app)));
    assert.deepEqual((await look(app)).errors, []);
  });

  it('downloads the model that suits this computer, and checks that one', async () => {
    const { repo, model } = await suggested();
    const home = freshHome();
    const file = `Suggested-${model}.gguf=@${answeringModel(home, 'Suggested llama')}`;
    const hub = await startHub('--repo', repo, '--file', file, '--licence', 'llama3.2');
    const app = await startApp({ home, env: hub.env });
    const { browser } = app;
    await toDownload(app);
    assert.deepEqual(await hub.requests(), [], 'nothing is asked before the click');
    await click(app, 'offer-download');
    await browser.$(byId('preflight')).waitForDisplayed();
    await click(app, 'accept-licence');
    await click(app, 'offer-start');
    await downloadIs(app, 'ready');
    await click(app, 'first-run-next');
    const which = await browser.$(byId('check-which'));
    await which.waitForDisplayed();
    assert.match(await which.getText(), /Suggested/);
    await click(app, 'first-run-next');
    await browser.$(byId('check-result')).waitForDisplayed({ timeout: 60_000 });
    await click(app, 'first-run-next');
    await until('the card to be gone', async () => !(await card(app)));
    const { engine, model: loaded, errors } = await look(app);
    assert.deepEqual({ engine, errors }, { engine: 'ready', errors: [] });
    assert.match(loaded, /Suggested llama/);
  });

  it('comes back when it is asked for', async () => {
    const app = await startApp();
    await greeted(app);
    await click(app, 'first-run-skip');
    await click(app, 'nav-models');
    await click(app, 'first-run-again');
    await greeted(app);
  });
});
