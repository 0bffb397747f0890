// Hugging Face's own client in Python, for the test that it understands our stand-in for the Hub as it does the real one.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ask, isWindows, root, run, which } from '../process.mjs';

const requirements = path.join(root, 'tests', 'hub', 'requirements.txt');

/** Where the environment for these requirements is: another one as soon as they change. */
export function environmentFolder(cache, text) {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return path.join(cache, `python-${hash}`);
}

/** A Python that can make environments, or null. */
function pythonWithVenv(env) {
  const names = isWindows ? ['python', 'python3'] : ['python3', 'python'];
  // Before 3.11 more packages would be needed than are listed. Debian has ensurepip in a package of its own, and without it there is no pip.
  const check = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';
  return (
    names.find((name) => which(name, env) && ask(name, ['-c', check], { env }) !== null) ?? null
  );
}

/** The Python that has the client, made once; null where that is not possible, and then its test is left out. */
export async function installPythonClient(env) {
  const folder = environmentFolder(env.PADDOCK_CACHE_DIR, readFileSync(requirements, 'utf8'));
  const python = isWindows
    ? path.join(folder, 'Scripts', 'python.exe')
    : path.join(folder, 'bin', 'python');
  // Written last. The Python it was made with may have been removed since, so that it is asked as well.
  const stamp = path.join(folder, 'complete');
  if (existsSync(stamp) && ask(python, ['-c', 'import huggingface_hub'], { env }) !== null)
    return python;
  const system = pythonWithVenv(env);
  if (!system) {
    console.log('No Python with venv is here: the test with its Hugging Face client is left out.');
    return null;
  }
  console.log("Installing Hugging Face's Python client for the tests …");
  rmSync(folder, { recursive: true, force: true });
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  const done =
    (await run(system, ['-m', 'venv', folder], { env })).code === 0 &&
    (await run(python, [...install, '-r', requirements], { env })).code === 0;
  if (!done) {
    console.log('It could not be installed: the test with it is left out.');
    return null;
  }
  writeFileSync(stamp, '');
  return python;
}
