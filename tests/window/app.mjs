// The real app under WebDriver: starting it, ending it in every way, and finding its processes.
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { remote } from 'webdriverio';
import { appPath } from '../../scripts/build-env.mjs';
import { findProcesses, isAlive, signal } from './processes.mjs';
import { until } from './waiting.mjs';

/** Screenshots and logs of failed tests go here. */
export const artifacts = path.join(os.tmpdir(), 'paddock-window');

const open = new Set();

// Ctrl+C must not leave windows behind.
process.on('exit', () => {
  for (const app of open) app.killAtOnce();
});

/** Every app that has been started and not ended. */
export const openApps = () => [...open];

/** A place for an app's files. Starting the app twice with the same home is a restart. */
export function freshHome() {
  // Names with spaces and umlauts are common, and a common source of errors.
  const home = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'paddock höme ')));
  mkdirSync(path.join(home, 'data'));
  return home;
}

/** Starts the app, by default as on a fresh machine. `args` are its command line, `env` is added to its environment. */
export async function startApp({ home = freshHome(), args = [], env = {} } = {}) {
  const app = new App(home);
  open.add(app);
  try {
    await app.start(args, env);
  } catch (error) {
    error.message += `\nWhat the app wrote:\n${app.log.slice(-4000)}`;
    throw error;
  }
  return app;
}

class App {
  log = '';
  browser = null;
  #driver = null;

  constructor(home) {
    this.home = home;
    this.dataDir = path.join(home, 'data');
    this.application = process.env.PADDOCK_APP ?? appPath();
  }

  async start(args, env) {
    if (!existsSync(this.application))
      throw new Error(`There is no app at ${this.application}: npm test builds it.`);
    const port = await freePort();
    this.#driver = spawn('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], {
      env: { ...this.environment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own, so that it can be ended as a whole
    });
    for (const stream of [this.#driver.stdout, this.#driver.stderr])
      stream.on('data', (chunk) => (this.log += chunk));
    await until(
      'WebKitWebDriver to listen',
      async () => (await fetch(`http://127.0.0.1:${port}/status`)).ok,
    );
    this.browser = await remote({
      hostname: '127.0.0.1',
      port,
      logLevel: 'silent',
      // A dead app must show as a failure at once, not after minutes of trying.
      connectionRetryCount: 0,
      connectionRetryTimeout: 30_000,
      capabilities: {
        browserName: 'wry',
        'wdio:enforceWebDriverClassic': true,
        'webkitgtk:browserOptions': { binary: this.application, args },
      },
    });
    this.process = this.windows()[0];
    if (!this.process) throw new Error('The app was started but is not among the processes.');
  }

  /** What the app is started with, so that it writes nowhere but into its home. */
  environment() {
    return {
      ...withoutHuggingFace(process.env),
      PADDOCK_DATA_DIR: this.dataDir,
      // Models and access tokens of the person who runs the tests are none of their business.
      HOME: this.home,
      // No test may reach the real one. Nobody listens here; a test hub's address takes its place.
      HF_ENDPOINT: 'http://127.0.0.1:9',
      // The web view's own storage must be as fresh as our data.
      XDG_DATA_HOME: path.join(this.home, 'xdg-data'),
      XDG_CONFIG_HOME: path.join(this.home, 'xdg-config'),
      XDG_CACHE_HOME: path.join(this.home, 'xdg-cache'),
      // Makes the web view accept a driver; tauri-driver sets the same.
      TAURI_WEBVIEW_AUTOMATION: 'true',
    };
  }

  /** The app's own processes: the window, not its engine and not the web view's helpers. */
  windows() {
    const binary = realpathSync(this.application);
    const mark = `PADDOCK_DATA_DIR=${this.dataDir}`;
    return findProcesses(
      (p) => p.args[1] !== 'engine' && p.executable === binary && p.environment.includes(mark),
    );
  }

  /** The engine's process, or undefined when there is none right now. */
  engine() {
    return findProcesses((p) => p.parent === this.process.pid && p.args[1] === 'engine')[0];
  }

  /** The running engine's process, waited for. */
  async runningEngine() {
    return until('the engine to run', () => this.engine());
  }

  isRunning() {
    return isAlive(this.process);
  }

  /** Ends the app without any warning, as the system does when memory runs out. */
  async crash(name = 'SIGKILL') {
    signal(this.process.pid, name);
    await until('the app to be gone', () => !this.isRunning());
    await this.#release();
  }

  /** Ends the app the way WebDriver does. */
  async close() {
    if (this.browser && this.isRunning()) await this.browser.deleteSession().catch(() => {});
    await this.#release();
  }

  async #release() {
    open.delete(this);
    if (this.#driver?.pid && this.#driver.exitCode === null) {
      signal(-this.#driver.pid, 'SIGTERM');
      await until(
        'the driver to end',
        () => this.#driver.exitCode !== null || this.#driver.signalCode !== null,
      );
    }
    if (!this.process) return;
    signal(this.process.pid, 'SIGKILL');
    await until('the app to be gone', () => !this.isRunning());
  }

  /** Kills the driver and everything it started, without waiting. */
  killAtOnce() {
    if (this.#driver?.pid) signal(-this.#driver.pid, 'SIGKILL');
  }

  /** Keeps a picture of the window and the app's log. */
  async keepEvidence(name) {
    mkdirSync(artifacts, { recursive: true });
    const base = path.join(artifacts, name.replace(/[^\w]+/g, '-').slice(0, 100));
    writeFileSync(`${base}.log`, this.log);
    try {
      writeFileSync(`${base}.png`, await this.browser.takeScreenshot(), 'base64');
      writeFileSync(`${base}.html`, await this.browser.getPageSource());
    } catch (error) {
      appendFileSync(`${base}.log`, `\nNo screenshot: ${error.message}\n`);
    }
    return base;
  }

  /** Deletes everything the app has stored. */
  forget() {
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The environment without HF_TOKEN, HF_HOME and their like. */
function withoutHuggingFace(env) {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(HF_|HUGGING_?FACE)/.test(name)),
  );
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
