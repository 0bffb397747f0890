// What fits on this computer, and on another.
import assert from 'node:assert/strict';
import os from 'node:os';
import { startApp } from './app.mjs';
import { byId, click, look, plain } from './chat.mjs';
import { until } from './waiting.mjs';

const gib = 2 ** 30;

/** Everything a test may want to know about the Models view, read in one go. */
const view = (app) =>
  app.browser.execute(() => {
    const all = (id) => [...document.querySelectorAll(`[data-testid="${id}"]`)];
    const text = (id) => all(id)[0]?.innerText.replace(/\s+/g, ' ').trim();
    return {
      open: all('models-view').length === 1,
      cpu: text('card-cpu'),
      ram: text('card-ram'),
      rows: all('quant-row').length,
      quant: all('plan')[0]?.dataset.quant,
      layers: text('layers'),
      gpuLayers: Number(all('layers')[0]?.dataset.layers),
      speed: text('plan-speed'),
      context: text('context-value'),
      kv: all('memory-legend')
        .filter((part) => part.dataset.kind === 'kv')
        .map((part) => part.innerText.replace(/\s+/g, ' ').trim()),
      other: text('other-banner'),
      focus: document.activeElement?.dataset.testid ?? document.activeElement?.tagName,
    };
  });

const planned = (app) => until('a plan', async () => (await view(app)).quant);

/** Presses a key until something has the focus. */
async function tabTo(app, id, { back = false, most = 60 } = {}) {
  for (let i = 0; i < most; i += 1) {
    if ((await view(app)).focus === id) return;
    await app.browser.keys(back ? ['Shift', 'Tab'] : ['Tab']);
  }
  assert.fail(`${id} was not reached with ${most} presses of Tab`);
}

describe('the Models view', () => {
  it('opens by keyboard, shows this computer and all 30 quantizations, and Esc leads back', async () => {
    const app = await startApp();
    await app.browser.$(byId('composer')).waitForDisplayed();
    await tabTo(app, 'nav-models');
    await app.browser.keys('Enter');
    await until('the computer', async () => (await view(app)).cpu);
    await planned(app);
    const seen = await view(app);
    assert.equal(seen.focus, 'H1', 'a screen reader starts at the heading');
    const cpu = os.cpus()[0].model.trim().split(/\s+/)[0];
    assert.ok(seen.cpu.includes(cpu), `${seen.cpu} names ${cpu}`);
    const shown = Number(/([\d.]+) GiB,/.exec(seen.ram)?.[1]);
    assert.ok(Math.abs(shown - os.totalmem() / gib) < 0.1, `${seen.ram} is ${os.totalmem() / gib}`);
    assert.equal(seen.rows, 30);
    assert.match(seen.speed, /tokens per second/);
    await app.browser.keys('Escape');
    await until('the chat', async () => !(await view(app)).open);
    assert.deepEqual((await look(app)).errors, []);
  });

  it('moves the plan with the context length', async () => {
    const app = await startApp();
    await click(app, 'nav-models');
    await planned(app);
    const before = await view(app);
    assert.equal(before.context, '8k');
    await tabTo(app, 'context-length');
    await app.browser.keys(['ArrowRight']);
    await app.browser.keys(['ArrowRight']);
    await until('the plan for 32k', async () => {
      const now = await view(app);
      return now.context === '32k' && now.quant && now.kv[0] !== before.kv[0];
    });
    // Back again, as it was: no answer to a position in between has stayed.
    await app.browser.keys(['ArrowLeft']);
    await app.browser.keys(['ArrowLeft']);
    await until('the plan for 8k', async () => {
      const now = await view(app);
      return now.context === '8k' && now.kv[0] === before.kv[0];
    });
  });

  it('plans an RTX 4090 with 64 GiB, marked as another computer, and comes back', async () => {
    const app = await startApp();
    await click(app, 'nav-models');
    await planned(app);
    const here = await view(app);
    await app.browser.$(byId('other-gpu')).selectByAttribute('value', 'RTX 4090');
    await app.browser.$(byId('other-ram')).setValue('64');
    await click(app, 'plan-other');
    await until('the other computer', async () => (await view(app)).other);
    const there = await view(app);
    assert.match(plain(there.other), /This is not your computer\..*RTX 4090.*64 GiB/);
    assert.ok(there.gpuLayers > 0, there.layers);
    assert.match(there.layers, /layers on the RTX 4090/);
    await click(app, 'back-to-this-computer');
    await until('this computer', async () => !(await view(app)).other);
    await until('its plan', async () => (await view(app)).layers === here.layers);
  });

  it('says inline that a computer cannot be', async () => {
    const app = await startApp();
    await click(app, 'nav-models');
    await planned(app);
    await app.browser.$(byId('other-ram')).setValue('0');
    await click(app, 'plan-other');
    const problem = app.browser.$(byId('other-problem'));
    await problem.waitForDisplayed();
    assert.match(await problem.getText(), /cannot be right/);
    assert.ok(!(await view(app)).other, 'this computer stays');
  });

  it('shows what a row of the table would take', async () => {
    const app = await startApp();
    await click(app, 'nav-models');
    await planned(app);
    await app.browser.$(`${byId('quant-row')}[data-quant="Q8_0"] ${byId('quant-choose')}`).click();
    await until('the plan of Q8_0', async () => (await view(app)).quant === 'Q8_0');
  });
});
