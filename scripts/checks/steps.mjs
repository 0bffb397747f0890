// Every check and test, in the order `npm test` runs them: what fails fast comes first.
import path from 'node:path';
import { buildApp, buildBinary } from '../build-app.mjs';
import { isLinux, root, run, runNpm, which } from '../process.mjs';
import { cargoCounts, mochaCounts, nodeCounts, vitestCounts } from './counts.mjs';
import { withDisplay } from './display.mjs';

const mocha = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');

/**
 * group: for `--only`. slow: left out by `--fast`. counts: reads the runner's own counts from its output.
 * run(env, options) resolves to { code, output }, or to { skipped: reason }.
 */
export const steps = [
  {
    name: 'Rust: formatting',
    group: 'rust',
    run: (env) => run('cargo', ['fmt', '--all', '--check'], { env }),
  },
  {
    // A lock file written against an incomplete registry installs nowhere else.
    name: 'npm: the lock file is complete',
    group: 'ui',
    run: (env) => runNpm(['ci', '--dry-run', '--offline', '--loglevel=error'], { env }),
  },
  {
    name: 'UI and scripts: lint',
    group: 'ui',
    run: npmScript('lint'),
  },
  {
    name: 'UI: types',
    group: 'ui',
    run: npmScript('check:ui'),
  },
  {
    name: 'Task scripts: tests',
    group: 'ui',
    counts: nodeCounts,
    run: (env) => {
      const args = [
        '--test',
        '--test-reporter=spec',
        ...['counts', 'setup'].map((name) => `scripts/checks/${name}.test.mjs`),
      ];
      return run(process.execPath, args, { env, capture: true });
    },
  },
  {
    name: 'UI: tests',
    group: 'ui',
    counts: vitestCounts,
    run: npmScript('test:ui'),
  },
  {
    name: 'Rust: clippy',
    group: 'rust',
    run: (env) =>
      run('cargo', ['clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings'], {
        env,
      }),
  },
  {
    name: 'Rust: tests',
    group: 'rust',
    counts: cargoCounts,
    run: (env) =>
      run('cargo', ['test', '--workspace', '--locked', '--no-fail-fast'], { env, capture: true }),
  },
  {
    name: 'The app builds',
    group: 'window',
    slow: true,
    run: async (env) => {
      const { code } = await buildApp(env);
      if (code === 0) {
        // The tests of the window put these in the place of the engine and of Hugging Face.
        await buildBinary(env, 'debug', 'scripted-engine');
        await buildBinary(env, 'debug', 'test-hub');
        await buildBinary(env, 'debug', 'seed-chats');
      }
      return { code };
    },
  },
  {
    name: 'The window: tests',
    group: 'window',
    slow: true,
    counts: mochaCounts,
    run: windowTests,
  },
  {
    name: 'Licences and advisories of dependencies',
    group: 'rust',
    run: (env) => {
      // Compiling it takes minutes, so that it is not part of the set-up.
      if (!which('cargo-deny', env)) return { skipped: 'cargo-deny is not installed' };
      return run('cargo', ['deny', '--locked', 'check', 'licenses', 'bans', 'sources'], { env });
    },
  },
];

/** A step that is an npm script, skipped where package.json does not have it. */
function npmScript(name) {
  return async (env, { scripts }) => {
    if (!scripts[name]) return { skipped: `package.json has no script "${name}"` };
    return runNpm(['run', '--silent', name], { env, capture: true });
  };
}

async function windowTests(env, { headed, grep }) {
  // macOS has no WebDriver for the system's web view; Windows has one, but the tests read /proc to find processes.
  if (!isLinux) return { skipped: 'the tests of the window run on Linux only' };
  if (!which('WebKitWebDriver', env)) return { skipped: 'WebKitWebDriver is not installed' };
  return withDisplay(env, { headed }, (windowEnv) => {
    const args = [
      mocha,
      '--config',
      'tests/window/mocharc.json',
      ...(grep ? ['--grep', grep] : []),
    ];
    return run(process.execPath, args, { env: windowEnv, capture: true });
  });
}
