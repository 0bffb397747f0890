// The local server: what it adds to a token, from the engine's event to the bytes at a client, alone and as one of eight.
import { buildBinary } from '../build-app.mjs';
import { PlainError, ask } from '../process.mjs';

export const name = 'server';

export async function run({ env }) {
  await buildBinary(env, 'release', 'scripted-engine');
  const binary = await buildBinary(env, 'release', 'bench-server');
  const output = ask(binary, ['--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (!output) throw new PlainError('The benchmark of the local server failed.');
  return JSON.parse(output);
}
