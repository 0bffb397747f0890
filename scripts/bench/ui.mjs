// The window under a stream faster than any model's: from a token's arrival to the screen.
import path from 'node:path';
import { buildApp, buildBinary } from '../build-app.mjs';
import { withDisplay } from '../checks/display.mjs';
import { PlainError, isLinux, root, run as runProgram } from '../process.mjs';

export const name = 'ui';

export async function run({ env, say }) {
  if (!isLinux) {
    say('skipped: the window can be driven on Linux only');
    return {};
  }
  const { code } = await buildApp(env, { stdio: ['ignore', process.stderr, process.stderr] });
  if (code !== 0) throw new PlainError('Paddock could not be built; the reason is above.');
  // Stands in for the engine and writes as fast as it is told to.
  const engine = await buildBinary(env, 'debug', 'scripted-engine');
  const script = path.join(root, 'tests', 'window', 'measure-stream.mjs');
  const measured = await withDisplay(env, {}, (windowEnv) => {
    return runProgram(process.execPath, [script, engine], { env: windowEnv, quiet: true });
  });
  if (measured.code !== 0)
    throw new PlainError('The window could not be measured; the reason is above.');
  return JSON.parse(measured.output);
}
