// The card that greets a newcomer, and never stands in the way.
import assert from 'node:assert/strict';
import { startApp } from './app.mjs';
import { ask, byId, click, look } from './chat.mjs';
import { throughout, until } from './waiting.mjs';

const card = (app) => app.browser.$(byId('first-run')).isExisting();
const started = (app) => app.browser.$(byId('composer')).waitForDisplayed();
/** The card comes a moment after the message field. */
const greeted = (app) => until('the first run', () => card(app));

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

  it('comes back when it is asked for', async () => {
    const app = await startApp();
    await greeted(app);
    await click(app, 'first-run-skip');
    await click(app, 'nav-models');
    await click(app, 'first-run-again');
    await greeted(app);
  });
});
