// The test hub, in the place of Hugging Face: a program that serves repositories and misbehaves on command.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buildEnv } from '../../scripts/build-env.mjs';

const program = path.join(buildEnv().CARGO_TARGET_DIR, 'debug', 'test-hub');
const open = new Set();

/** Every hub that has been started and not ended. */
export const openHubs = () => [...open];

/** Starts one. `args` are its command line, one option with its value after the other: see tests/hub/src/main.rs. */
export async function startHub(...args) {
  assert.ok(existsSync(program), `There is no ${program}: npm test builds it.`);
  const hub = new Hub(args.flat(Infinity));
  open.add(hub);
  hub.url = await hub.nextLine();
  return hub;
}

class Hub {
  #process;
  #lines;

  constructor(args) {
    this.#process = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async nextLine() {
    const { value } = await this.#lines.next();
    assert.notEqual(value, undefined, 'the hub has ended');
    return value;
  }

  async #ask(line) {
    this.#process.stdin.write(`${line}\n`);
    return this.nextLine();
  }

  async #tell(line) {
    assert.equal(await this.#ask(line), 'ok', line);
  }

  /** How fast each connection may be, in bytes per second; 0 for no limit. */
  throttle = (bytesPerS) => this.#tell(`throttle ${bytesPerS}`);
  /** Resets every connection and refuses new ones. */
  goOffline = () => this.#tell('offline');
  comeBack = () => this.#tell('online');
  /** Everything that was asked so far. */
  requests = async () => JSON.parse(await this.#ask('requests')).requests;
  /** Bytes of files that went out so far. */
  servedBytes = async () => JSON.parse(await this.#ask('requests')).servedBytes;

  /** What the app's environment needs to ask this hub. */
  get env() {
    return { HF_ENDPOINT: this.url };
  }

  async close() {
    open.delete(this);
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin.end();
    await ended;
  }
}
