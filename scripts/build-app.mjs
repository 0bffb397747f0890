// The app with its page inside, as `npm start` and the tests of the window use it: no installers, debug assertions on.
import path from 'node:path';
import { root, run } from './process.mjs';

export function buildApp(env) {
  const tauri = path.join(root, 'node_modules', '@tauri-apps', 'cli', 'tauri.js');
  // The command line tool refuses values of CI other than these two.
  const ci = env.CI && env.CI !== 'false' ? { CI: 'true' } : {};
  return run(process.execPath, [tauri, 'build', '--debug', '--no-bundle'], {
    env: { ...env, ...ci },
  });
}
