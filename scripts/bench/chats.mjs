// 100,000 messages in 2,000 conversations: the list, a search, the longest one.
import { PlainError, ask } from '../process.mjs';

export const name = 'chats';

/** The arguments with which cargo runs the program that writes and measures such a database. */
export const program = ['bench', '--locked', '--quiet', '-p', 'paddock-store', '--bench', 'chats'];

export async function run({ env }) {
  const output = ask('cargo', program, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (!output) throw new PlainError('The benchmark of the conversations failed.');
  return JSON.parse(output);
}
