// Starting other programs: one way to run them, one way to ask them something, one way to find them.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const isWindows = process.platform === 'win32';
export const isMac = process.platform === 'darwin';
export const isLinux = process.platform === 'linux';

/** The repository's root: every script works from here, wherever it was called from. */
export const root = path.resolve(import.meta.dirname, '..');

/** A problem the person at the keyboard can do something about: shown as text, without a stack. */
export class PlainError extends Error {}

/** The full path of a program on PATH, or null. */
export function which(name, env = process.env) {
  const extensions = isWindows ? (env.PATHEXT ?? '.EXE;.CMD;.BAT').split(';') : [''];
  const folders = (env.PATH ?? env.Path ?? '').split(path.delimiter).filter(Boolean);
  for (const folder of folders) {
    for (const extension of extensions) {
      const candidate = path.join(folder, name + extension);
      try {
        accessSync(candidate, constants.X_OK);
        if (statSync(candidate).isFile()) return candidate;
      } catch {
        // not here
      }
    }
  }
  return null;
}

/** What a program prints, trimmed; null when it is missing or fails. */
export function ask(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    cwd: root,
    windowsHide: true,
    ...options,
  });
  return result.status === 0 ? result.stdout.trim() : null;
}

/**
 * Runs a program to its end, its output passing through as it comes.
 * Resolves to { code, output }; output is what it wrote, when `capture` is set. `quiet` keeps its stdout to ourselves.
 */
export function run(
  command,
  args,
  { capture = false, quiet = false, env = process.env, cwd = root, ...rest } = {},
) {
  return new Promise((resolve, reject) => {
    const stdio = quiet
      ? ['inherit', 'pipe', 'inherit']
      : capture
        ? ['inherit', 'pipe', 'pipe']
        : 'inherit';
    const child = spawn(command, args, { cwd, env, stdio, windowsHide: true, ...rest });
    let output = '';
    const collect = (stream, shown) => {
      stream.setEncoding('utf8');
      stream.on('data', (chunk) => {
        output += chunk;
        shown?.write(chunk);
      });
    };
    if (quiet || capture) collect(child.stdout, quiet ? null : process.stdout);
    if (capture && !quiet) collect(child.stderr, process.stderr);
    child.on('error', (error) => {
      if (error.code === 'ENOENT')
        reject(new PlainError(`"${command}" was not found on this computer's PATH.`));
      else reject(error);
    });
    child.on('close', (code, signal) => resolve({ code: code ?? 1, signal, output }));
  });
}

/** npm as program and first arguments: the very npm that started us, because npm.cmd cannot be spawned on Windows. */
export function npm() {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return [process.execPath, cli];
  if (!isWindows) return ['npm'];
  const beside = path.join(
    path.dirname(process.execPath),
    'node_modules',
    'npm',
    'bin',
    'npm-cli.js',
  );
  return [process.execPath, beside];
}

/** Runs `npm …args`. */
export function runNpm(args, options) {
  const [command, ...first] = npm();
  return run(command, [...first, ...args], options);
}

/** The main of a script: plain errors become text on stderr and exit code 1. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    console.error(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}

/** True when the module at `url` is the script node was started with. */
export function isMainScript(url) {
  return Boolean(process.argv[1]) && realpathSync(process.argv[1]) === fileURLToPath(url);
}
