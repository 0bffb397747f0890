// What a person does and sees where models are found, downloaded and kept.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { byId, click, keyboard } from './chat.mjs';
import { TooLate, until } from './waiting.mjs';

const folder = path.resolve(import.meta.dirname, '../../models/self-test');

/** A real model, small enough to be downloaded in a test and able to answer. */
export const selfTestFile = path.join(
  folder,
  readdirSync(folder).find((file) => file.endsWith('.gguf')),
);

/** The same model under another name, no longer than its own, written into a folder; returns its path. */
export function answeringModel(folder, name) {
  const own = 'Paddock self-test model';
  assert.ok(name.length <= own.length, `“${name}” is longer than “${own}”`);
  const bytes = readFileSync(selfTestFile);
  bytes.write(name.padEnd(own.length), bytes.indexOf(own));
  const file = path.join(folder, 'published.gguf');
  writeFileSync(file, bytes);
  return file;
}

export const MiB = 2 ** 20;

/** The downloads as they are shown, and what the sidebar says of them; read in one go. */
export const seeDownloads = (app) =>
  app.browser.execute(() => {
    const all = (id, within = document) => [...within.querySelectorAll(`[data-testid="${id}"]`)];
    const text = (id, within) => all(id, within)[0]?.innerText.replace(/\s+/g, ' ').trim();
    return {
      sidebar: text('sidebar-downloads'),
      list: all('download').map((row) => ({
        id: row.dataset.id,
        state: row.dataset.state,
        percent: Number(row.dataset.percent),
        text: row.innerText.replace(/\s+/g, ' ').trim(),
        figures: text('download-figures', row),
        left: text('download-eta', row),
        waits: text('download-waits', row),
        countdown: text('download-countdown', row),
        progress: Number(all('download-progress', row)[0]?.getAttribute('aria-valuenow')),
        // Each cell is as wide as its part is full.
        map: [...row.querySelectorAll('[data-testid="part-map"] .filled')]
          .map((cell) => Number(cell.getAttribute('width')))
          .reduce((sum, width) => sum + width, 0),
      })),
    };
  });

/** The models on this computer as they are shown. */
export const seeLibrary = (app) =>
  app.browser.execute(() => {
    const all = (id) => [...document.querySelectorAll(`[data-testid="${id}"]`)];
    return {
      scanning: all('library')[0]?.getAttribute('aria-busy') === 'true',
      deleted: all('library-deleted').length,
      models: all('library-model').map((row) => ({
        path: row.dataset.path,
        verified: row.dataset.verified,
        text: row.innerText.replace(/\s+/g, ' ').trim(),
      })),
    };
  });

/** A repository's table as it is shown. */
export const seeRepo = (app) =>
  app.browser.execute(() =>
    [...document.querySelectorAll('[data-testid="remote-model"]')].map((row) => ({
      model: row.dataset.model,
      quant: row.dataset.quant,
      plan: row.dataset.plan,
      text: row.innerText.replace(/\s+/g, ' ').trim(),
    })),
  );

/** Opens a part of the Models view: computer, library, find or downloads. */
export async function openTab(app, tab) {
  await click(app, 'nav-models');
  await click(app, `models-tab-${tab}`);
  const view = app.browser.$(`${byId('models-view')}[data-tab="${tab}"]`);
  await view.waitForDisplayed();
}

/** Types words into the search and presses Enter. */
export async function find(app, words) {
  await openTab(app, 'find');
  await click(app, 'find-words');
  await app.browser.keys(['Control', 'a']);
  await keyboard(app, words);
  await until('the words to be there', async () => {
    return (await app.browser.$(byId('find-words')).getValue()) === words;
  });
  await app.browser.keys('Enter');
}

/** Opens a repository by its name, and waits for its table. */
export async function openRepo(app, repo) {
  await find(app, repo);
  return until('the table of the repository', async () => {
    const shown = await app.browser.$(`${byId('repo-view')}[data-repo="${repo}"]`).isExisting();
    const rows = await seeRepo(app);
    return shown && rows.length > 0 && rows;
  });
}

/** Presses Download in the row of a quantization; what it would take is shown then. */
export async function offer(app, quant) {
  const row = `${byId('remote-model')}[data-quant="${quant}"]`;
  await until(`Download of ${quant} to be pressed`, async () => {
    await app.browser.$(`${row} ${byId('remote-download')}`).click();
    return true;
  });
  await app.browser.$(byId('offer')).waitForDisplayed();
}

/** From a repository's name to its download in the list. */
export async function download(app, repo, quant) {
  await openRepo(app, repo);
  await offer(app, quant);
  await click(app, 'offer-start');
  await openTab(app, 'downloads');
  await until('the download in the list', async () => (await seeDownloads(app)).list.length > 0);
}

/** Waits until the only download is in this state, and whatever else is asked for; returns it. */
export async function downloadIs(app, state, also = () => true, { timeout } = {}) {
  const end = ['failed', 'ready'];
  const said = `the download to be ${state}`;
  return until(
    said,
    async () => {
      const { list } = await seeDownloads(app);
      const [it] = list;
      if (it && end.includes(it.state) && it.state !== state)
        throw new TooLate(`Waited for ${said}, and it is ${it.state}: ${it.text}`);
      return it?.state === state && also(it) && it;
    },
    ...(timeout ? [{ timeout }] : []),
  );
}

/** All files below a folder, by their paths within it. */
export function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)));
}

/** The models folder's files, without Paddock's own notes in their hidden folders. */
export function modelFiles(app) {
  try {
    const all = filesBelow(path.join(app.dataDir, 'models'));
    return all.filter((file) => !file.includes(`.paddock${path.sep}`));
  } catch (error) {
    assert.equal(error.code, 'ENOENT');
    return [];
  }
}
