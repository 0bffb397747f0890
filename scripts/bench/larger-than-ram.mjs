// A model twice as large as the memory it may use: what it writes against what its disk reads, in the same run.
import { buildBinary } from '../build-app.mjs';
import { PlainError, ask } from '../process.mjs';

export const name = 'larger-than-ram';

export async function run({ env, say }) {
  if (process.platform !== 'linux') {
    say('Skipped: only Linux can limit the memory of one process.');
    return {};
  }
  const binary = await buildBinary(env, 'release', 'bench-larger');
  const output = ask(binary, ['--json'], {
    env,
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!output) throw new PlainError('The benchmark of a model larger than RAM failed.');
  return JSON.parse(output);
}
