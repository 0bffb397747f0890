// The engine without a window: loading, understanding, writing, and what the hop between the processes costs.
import path from 'node:path';
import { PlainError, ask, isWindows, run } from '../process.mjs';

export const name = 'engine';

export async function build(env, profile, binary) {
  // --workspace, so that it shares one llama.cpp with every other build of that profile.
  const args = ['build', '--workspace', '--locked', '--bin', binary, ...(profile === 'release' ? ['--release'] : [])];
  const { code } = await run('cargo', args, { env, stdio: ['ignore', process.stderr, process.stderr] });
  if (code !== 0) throw new PlainError(`${binary} could not be built; the reason is above.`);
  return path.join(env.CARGO_TARGET_DIR, profile, isWindows ? `${binary}.exe` : binary);
}

export async function run_({ env }) {
  const binary = await build(env, 'release', 'bench-engine');
  const output = ask(binary, ['--json'], { env, maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'inherit'] });
  if (output === null) throw new PlainError('The benchmark of the engine failed.');
  return JSON.parse(output);
}

export { run_ as run };
