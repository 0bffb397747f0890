// The header of a 70B model: from opening the file to what a plan starts from.
import { PlainError, ask } from '../process.mjs';

export const name = 'gguf';

export async function run({ env }) {
  const args = ['bench', '--locked', '--quiet', '-p', 'paddock-gguf', '--bench', 'header_70b'];
  const output = ask('cargo', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (!output) throw new PlainError('The benchmark of the header reader failed.');
  return JSON.parse(output);
}
