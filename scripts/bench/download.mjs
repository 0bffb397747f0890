// Downloads: against curl and Python's huggingface_hub, from one server on this computer.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PlainError, ask, isLinux } from '../process.mjs';

export const name = 'download';

export async function run({ env, say }) {
  if (!isLinux) {
    say('Skipped: memory and processor time are read from /proc.');
    return {};
  }
  if (!env.PADDOCK_PYTHON)
    throw new PlainError('There is no Python with huggingface_hub: python3 needs its venv module.');
  const cargo = (args) => ask('cargo', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (cargo(['build', '--release', '--locked', '--quiet', '-p', 'paddock-test-hub']) === null)
    throw new PlainError('The test hub could not be built; the reason is above.');
  const testHub = path.join(env.CARGO_TARGET_DIR, 'release', 'test-hub');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'paddock-bench-'));
  try {
    const places = ['--test-hub', testHub, '--python', env.PADDOCK_PYTHON, '--folder', folder];
    const bench = ['bench', '--locked', '--quiet', '-p', 'paddock-hub', '--bench', 'download'];
    const output = cargo([...bench, '--', ...places]);
    if (!output) throw new PlainError('The benchmark of the downloads failed.');
    return JSON.parse(output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
