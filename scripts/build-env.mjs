// The environment of every cargo call, so that `npm start`, `npm test` and `npm run bench` share one build.
//
// The target folder and the compiler cache live outside the clone: a deleted or second clone does not cost another
// ten minutes of llama.cpp. Nothing may depend on them: they can be deleted at any time.
//
// `node scripts/build-env.mjs cargo test -p paddock-core` runs one command in this environment.
import { accessSync, constants, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isMac, isMainScript, isWindows, main, run, which } from './process.mjs';

/** Where this computer keeps what can be made again. */
export function cacheDir(env = process.env) {
  if (env.PADDOCK_CACHE_DIR) return path.resolve(env.PADDOCK_CACHE_DIR);
  if (isMac) return path.join(os.homedir(), 'Library', 'Caches', 'paddock');
  if (isWindows) {
    return path.join(
      env.LOCALAPPDATA ?? path.join(os.homedir(), 'AppData', 'Local'),
      'paddock',
      'cache',
    );
  }
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'paddock');
}

/** The cache folder, made; a folder for temporary files instead when it cannot be written (a read-only home). */
function writableCacheDir(env) {
  const wanted = cacheDir(env);
  try {
    mkdirSync(wanted, { recursive: true });
    accessSync(wanted, constants.W_OK);
    return wanted;
  } catch {
    const instead = path.join(os.tmpdir(), 'paddock-cache');
    mkdirSync(instead, { recursive: true });
    return instead;
  }
}

/** The environment for cargo, cmake and everything they start. */
export function buildEnv(base = process.env) {
  const env = { ...base };
  const cache = writableCacheDir(base);
  env.PADDOCK_CACHE_DIR = cache;
  env.CARGO_TARGET_DIR ||= path.join(cache, 'target');
  env.CCACHE_DIR ||= path.join(cache, 'ccache');
  // rustup puts cargo here, but only new shells have it on PATH.
  const cargoBin = path.join(base.CARGO_HOME || path.join(os.homedir(), '.cargo'), 'bin');
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  if (!which('cargo', env)) env[pathName] = `${env[pathName] ?? ''}${path.delimiter}${cargoBin}`;
  // Set, it turns llama.cpp into a build for the oldest processors, ten times slower.
  delete env.SOURCE_DATE_EPOCH;
  return env;
}

/** Where buildApp() puts the app. */
export function appPath(env = buildEnv()) {
  return path.join(
    env.CARGO_TARGET_DIR,
    'app',
    isWindows ? 'paddock-desktop.exe' : 'paddock-desktop',
  );
}

if (isMainScript(import.meta.url)) {
  const [command, ...args] = process.argv.slice(2);
  await main(async () => {
    const env = buildEnv();
    if (command) return (await run(command, args, { env, cwd: process.cwd() })).code;
    for (const name of ['CARGO_TARGET_DIR', 'CCACHE_DIR']) console.log(`${name}=${env[name]}`);
    return 0;
  });
}
