// A whole recommendation: every quantization of the 70B on one computer.
import { PlainError, ask } from '../process.mjs';

export const name = 'recommend';

export async function run({ env }) {
  const args = ['bench', '--locked', '--quiet', '-p', 'paddock-planner', '--bench', 'recommend'];
  const output = ask('cargo', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (!output) throw new PlainError('The benchmark of the recommendation failed.');
  return JSON.parse(output);
}
