// How well the engine's measurement predicts the speed at which it then writes.
import { buildBinary } from '../build-app.mjs';
import { PlainError, ask } from '../process.mjs';

export const name = 'plan';

export async function run({ env }) {
  const binary = await buildBinary(env, 'release', 'bench-plan');
  const output = ask(binary, ['--json'], {
    env,
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!output) throw new PlainError('The benchmark of the predictions failed.');
  return JSON.parse(output);
}
