// Building what the scripts run.
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { appPath } from './build-env.mjs';
import { PlainError, isWindows, root, run } from './process.mjs';

/**
 * The app with its page inside, at appPath(): without installers and not optimised. Resolves to { code }.
 *
 * It is a copy, because `cargo build` and `cargo test` put another program in the same place: one that asks a
 * development server for its page.
 */
export async function buildApp(env, options = {}) {
  const result = await tauriBuild(env, options);
  if (result.code === 0) {
    const app = appPath(env);
    mkdirSync(path.dirname(app), { recursive: true });
    copyFileSync(path.join(env.CARGO_TARGET_DIR, 'debug', path.basename(app)), `${app}.new`);
    renameSync(`${app}.new`, app);
  }
  return result;
}

/** The app as it is shipped: optimised. Minutes longer to build, so only measurements want it. Resolves to its path. */
export const buildReleasedApp = (env) => released(env, root, 'paddock-desktop');

/** The window with nothing in it, built like the app as it is shipped; resolves to its path. */
export const buildHelloWindow = (env) =>
  released(env, path.join(root, 'tests', 'hello-window'), 'hello-window');

async function released(env, cwd, name) {
  const stdio = ['ignore', process.stderr, process.stderr];
  const { code } = await tauriBuild(env, { cwd, stdio, release: true });
  if (code !== 0) throw new PlainError(`${name} could not be built; the reason is above.`);
  return path.join(env.CARGO_TARGET_DIR, 'release', isWindows ? `${name}.exe` : name);
}

function tauriBuild(env, { release = false, ...options } = {}) {
  const tauri = path.join(root, 'node_modules', '@tauri-apps', 'cli', 'tauri.js');
  // The command line tool refuses values of CI other than these two.
  const ci = env.CI && env.CI !== 'false' ? { CI: 'true' } : {};
  const profile = release ? [] : ['--debug'];
  return run(process.execPath, [tauri, 'build', ...profile, '--no-bundle'], {
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
