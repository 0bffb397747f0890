// Building what the scripts run.
import path from 'node:path';
import { PlainError, isWindows, root, run } from './process.mjs';

/** The app with its page inside, as `npm start` and the tests of the window use it: no installers, not optimised. */
export function buildApp(env, options = {}) {
  const tauri = path.join(root, 'node_modules', '@tauri-apps', 'cli', 'tauri.js');
  // The command line tool refuses values of CI other than these two.
  const ci = env.CI && env.CI !== 'false' ? { CI: 'true' } : {};
  return run(process.execPath, [tauri, 'build', '--debug', '--no-bundle'], {
    env: { ...env, ...ci },
    ...options,
  });
}

/** One program of the workspace; resolves to its path. profile is 'debug' or 'release'. */
export async function buildBinary(env, profile, name) {
  // --workspace, so that it shares one llama.cpp with every other build of that profile.
  const args = ['build', '--workspace', '--locked', '--bin', name];
  if (profile === 'release') args.push('--release');
  const { code } = await run('cargo', args, {
    env,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (code !== 0) throw new PlainError(`${name} could not be built; the reason is above.`);
  return path.join(env.CARGO_TARGET_DIR, profile, isWindows ? `${name}.exe` : name);
}
