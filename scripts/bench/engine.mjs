// The engine without a window: loading, understanding, writing, and what the hop between the processes costs.
import { buildBinary } from '../build-app.mjs';
import { PlainError, ask } from '../process.mjs';

export const name = 'engine';

export async function run({ env }) {
  const binary = await buildBinary(env, 'release', 'bench-engine');
  const output = ask(binary, ['--json'], {
    env,
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!output) throw new PlainError('The benchmark of the engine failed.');
  return JSON.parse(output);
}
