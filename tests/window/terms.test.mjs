// Repositories that are not simply open: gated ones, and those under Meta's licence.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startApp } from './app.mjs';
import { byId, click, keyboard } from './chat.mjs';
import { startHub } from './hub.mjs';
import {
  downloadIs,
  filesBelow,
  offer,
  openRepo,
  openTab,
  seeDownloads,
  seeRepo,
  selfTestFile,
} from './models.mjs';
import { until } from './waiting.mjs';

const file = ['--file', `Tiny-Q8_0.gguf=@${selfTestFile}`];

describe('a repository with terms', () => {
  it('that is gated opens with a token, which is written nowhere', async () => {
    const token = 'hf_CanaryOfTheWindowTests';
    const repo = 'lab/Closed-GGUF';
    const hub = await startHub('--repo', repo, file, '--gated', token);
    const app = await startApp({ env: hub.env });
    await openRepo(app, repo);
    const card = app.browser.$(byId('gated'));
    await card.waitForDisplayed();
    assert.match(await card.getText(), /accepted its terms/);
    assert.ok(
      (await seeRepo(app)).every(({ plan }) => !plan),
      'nothing is asked that would be refused',
    );

    await click(app, 'token-input');
    await keyboard(app, token);
    await click(app, 'token-save');
    await until('its plan', async () => (await seeRepo(app))[0]?.plan === 'known');
    await offer(app, 'Q8_0');
    await click(app, 'offer-start');
    await openTab(app, 'downloads');
    await downloadIs(app, 'ready');

    const requests = await hub.requests();
    const shown = requests.filter(({ authorization }) => authorization === `Bearer ${token}`);
    assert.ok(shown.length > 0, 'the hub was shown the token');
    assert.deepEqual(
      shown.filter(({ kind }) => kind === 'Storage'),
      [],
      'and nobody else',
    );
    await app.close();
    const written = filesBelow(app.home).filter((name) =>
      readFileSync(path.join(app.home, name)).includes(token),
    );
    assert.deepEqual(written, []);
    assert.ok(!app.log.includes(token), 'nor does the log have it');
  });

  it('of Meta has its licence accepted once, and is not asked for it again', async () => {
    const [one, two] = ['lab/Llama-One-GGUF', 'lab/Llama-Two-GGUF'];
    const llama = (repo) => ['--repo', repo, file, '--licence', 'llama3.2'];
    const hub = await startHub(llama(one), llama(two));
    const app = await startApp({ env: hub.env });
    await openRepo(app, one);
    await offer(app, 'Q8_0');
    const licence = app.browser.$(byId('licence'));
    await licence.waitForDisplayed();
    assert.match(await licence.getText(), /Built with Llama[^]*Llama 3\.2/);
    assert.equal(await app.browser.$(byId('offer-start')).isExisting(), false);
    await click(app, 'accept-licence');
    await click(app, 'offer-start');
    await openTab(app, 'downloads');
    await downloadIs(app, 'ready');
    await app.close();

    const again = await startApp({ home: app.home, env: hub.env });
    await openRepo(again, two);
    await offer(again, 'Q8_0');
    await again.browser.$(byId('offer-start')).waitForDisplayed();
    assert.equal(await again.browser.$(byId('licence')).isExisting(), false);
    await click(again, 'offer-start');
    await openTab(again, 'downloads');
    await until('both to be ready', async () => {
      const { list } = await seeDownloads(again);
      return list.length === 2 && list.every(({ state }) => state === 'ready');
    });
  });
});
