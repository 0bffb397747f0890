// The window with 100,000 messages in 2,000 conversations: start, the longest one, scrolling, memory; and beside it a
// window of Tauri's with nothing in it, built the same way.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildHelloWindow, buildReleasedApp } from '../build-app.mjs';
import { withDisplay } from '../checks/display.mjs';
import { PlainError, ask, isLinux, root, run as runProgram } from '../process.mjs';
import { program } from './chats.mjs';

export const name = 'window';

export async function run({ env, say }) {
  if (!isLinux) {
    say('skipped: the window can be driven on Linux only');
    return {};
  }
  const app = await buildReleasedApp(env);
  const hello = await buildHelloWindow(env);
  // In memory where that is possible: writing all of it waits for the disk 100,000 times.
  const folder = mkdtempSync(path.join(memoryFolder(), 'paddock-bench-'));
  try {
    const database = path.join(folder, 'paddock.db');
    const seeded = ask('cargo', [...program, '--', '--seed', database], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (seeded === null) throw new PlainError('The conversations could not be written.');
    const script = path.join(root, 'tests', 'window', 'measure-window.mjs');
    const measured = await withDisplay(env, {}, (windowEnv) =>
      runProgram(process.execPath, [script, database, hello], {
        env: { ...windowEnv, PADDOCK_APP: app },
        quiet: true,
      }),
    );
    if (measured.code !== 0)
      throw new PlainError('The window could not be measured; the reason is above.');
    return JSON.parse(measured.output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function memoryFolder() {
  try {
    const probe = mkdtempSync('/dev/shm/paddock-');
    rmSync(probe, { recursive: true });
    return '/dev/shm';
  } catch {
    return os.tmpdir();
  }
}
