// Nothing leaves the computer unless somebody asks for it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { freshHome, startApp } from './app.mjs';
import { ask, byId, click } from './chat.mjs';
import { startOutsider } from './outsider.mjs';
import { findProcesses, isAlive, signal } from './processes.mjs';
import { throughout, until } from './waiting.mjs';

/** Everything that speaks HTTP is told to go there as to a proxy, and there is no server of the tests in Hugging Face's place. */
const through = ({ url }) => ({
  ...Object.fromEntries(
    ['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].map(
      (name) => [name, url],
    ),
  ),
  // The driver reaches the window through this computer; what stays on it leaves nothing.
  no_proxy: '127.0.0.1,localhost',
  NO_PROXY: '127.0.0.1,localhost',
  HF_ENDPOINT: 'https://huggingface.co',
});

/** The processes of an app: the window, its engine and the web view's helpers. */
const processesOf = (dataDir) =>
  findProcesses(
    (p) =>
      /paddock-desktop|WebKit(?:Web|Network|GPU)Process/.test(p.args[0]) &&
      p.environment.includes(`PADDOCK_DATA_DIR=${dataDir}`),
  );

/** An address of /proc/net as text; both kinds are in groups of four bytes, the last one first. */
function address(hex) {
  const [host, port] = hex.split(':');
  const bytes = host.match(/.{8}/g).flatMap((group) => group.match(/../g).reverse());
  const v4 = bytes
    .slice(-4)
    .map((byte) => parseInt(byte, 16))
    .join('.');
  const isV4 = bytes.length === 4 || /^(?:00){10}ffff/i.test(bytes.join(''));
  const isLoopback6 = bytes.length === 16 && /^(?:00){15}01$/.test(bytes.join(''));
  return { host: isV4 ? v4 : isLoopback6 ? '::1' : bytes.join(''), port: parseInt(port, 16) };
}

const isLocal = ({ host }) => host.startsWith('127.') || host === '::1';

/** The sockets of the internet that these processes hold: { protocol, local, remote, listening }. */
function internetSockets(processes) {
  const held = new Set();
  for (const { pid } of processes) {
    for (const descriptor of names(`/proc/${pid}/fd`)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1];
        if (inode) held.add(inode);
      } catch {
        // closed meanwhile
      }
    }
  }
  return ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'].flatMap((protocol) => {
    const file = `/proc/net/${protocol}`;
    if (!existsSync(file)) return [];
    const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1);
    return rows
      .map((row) => row.trim().split(/\s+/))
      .filter((row) => held.has(row[9]))
      .map(([, local, remote, state]) => ({
        protocol,
        local: address(local),
        remote: address(remote),
        listening: state === '0A',
      }));
  });
}

function names(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return []; // ended meanwhile
  }
}

describe('without a click', () => {
  let proxy;
  let watched;

  beforeEach(async () => (proxy = await startOutsider({ status: 502 })));
  afterEach(() => {
    proxy.close();
    if (watched) signal(-watched.pid, 'SIGKILL');
    watched = undefined;
  });

  it('nothing is asked of the network: not by a start, a chat, a search or any view', async () => {
    const home = freshHome();
    const app = await startApp({ home, env: through(proxy) });
    const strangers = () =>
      internetSockets(processesOf(app.dataDir)).filter(
        ({ local, remote, listening }) =>
          // The test itself drives the window through one of them.
          !isLocal(local) || (!listening && remote.port !== 0 && !isLocal(remote)),
      );
    await app.browser.$(byId('composer')).waitForDisplayed();
    await click(app, 'first-run-skip');
    assert.equal((await ask(app, 'What is 2+2?')).state, 'complete');
    assert.equal((await ask(app, 'Show me an image.')).state, 'complete');
    assert.deepEqual(strangers(), []);
    await app.browser.keys(['Control', 'k']);
    await app.browser.$(byId('search-field')).waitForDisplayed();
    await app.browser.$(byId('search-field')).setValue('What is');
    await app.browser.$(byId('palette-option')).waitForDisplayed();
    await app.browser.keys('Escape');
    await click(app, 'nav-models');
    for (const tab of ['computer', 'find', 'downloads', 'library']) {
      await click(app, `models-tab-${tab}`);
      assert.deepEqual(strangers(), [], tab);
    }
    await app.browser.keys(['Control', ',']);
    await app.browser.$(byId('settings-view')).waitForDisplayed();
    await throughout(
      'nobody is asked',
      () => proxy.requests.length === 0 && strangers().length === 0,
      {
        span: 2000,
      },
    );
    assert.deepEqual(proxy.requests, []);
  });

  it('the proxy of this test would see it: a search for models is seen', async () => {
    const app = await startApp({ env: through(proxy) });
    await click(app, 'nav-models');
    await click(app, 'models-tab-find');
    await app.browser.$(byId('find-words')).setValue('llama');
    await app.browser.keys('Enter');
    await until('the search to reach the proxy', () => proxy.requests.length > 0);
    assert.equal(proxy.requests[0], 'CONNECT huggingface.co:443');
  });

  it('there is no socket of the internet in any process, not even to listen', async () => {
    // Started as a person does: a driver would need a socket of its own.
    const app = await startApp();
    await app.close();
    const env = { ...app.environment(), ...through(proxy) };
    delete env.TAURI_WEBVIEW_AUTOMATION;
    watched = spawn(app.application, [], { env, stdio: 'ignore', detached: true });
    await until('the page to be loaded', () =>
      processesOf(app.dataDir).some(({ args }) => /WebKitWebProcess/.test(args[0])),
    );
    await throughout(
      'no socket is open',
      () => {
        const ours = processesOf(app.dataDir);
        assert.ok(ours.some(isAlive), 'the app runs');
        assert.deepEqual(internetSockets(ours), []);
        return true;
      },
      { span: 4000 },
    );
    assert.deepEqual(proxy.requests, []);
  });
});
