// Clients in Python, for the tests that they and we understand each other: Hugging Face's own against our stand-in for the
// Hub, and those of OpenAI, Anthropic and LangChain against the local server.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ask, isWindows, root, run, which } from '../process.mjs';

/** Whose clients; `variable`: where the tests find their Python; `probe`: what must be there if they are whole. */
const environments = [
  {
    name: "Hugging Face's client",
    variable: 'PADDOCK_PYTHON',
    requirements: path.join(root, 'tests', 'hub', 'requirements.txt'),
    probe: 'import huggingface_hub',
  },
  {
    name: 'the clients of the local server',
    variable: 'PADDOCK_CLIENTS_PYTHON',
    requirements: path.join(root, 'tests', 'clients', 'requirements.txt'),
    probe: 'import openai, anthropic, langchain_openai',
  },
];

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

/** For each environment that can be made, the variable that names its Python. Made once. */
export async function installPythonClients(env) {
  const variables = {};
  for (const environment of environments) {
    const python = await install(environment, env);
    if (python) variables[environment.variable] = python;
  }
  return variables;
}

/** The Python of an environment; null where it cannot be made, and then its tests are left out. */
async function install({ name, requirements, probe }, env) {
  const folder = environmentFolder(env.PADDOCK_CACHE_DIR, readFileSync(requirements, 'utf8'));
  const python = isWindows
    ? path.join(folder, 'Scripts', 'python.exe')
    : path.join(folder, 'bin', 'python');
  // Written last. The Python it was made with may have been removed since, so that it is asked as well.
  const stamp = path.join(folder, 'complete');
  if (existsSync(stamp) && ask(python, ['-c', probe], { env }) !== null) return python;
  const system = pythonWithVenv(env);
  if (!system) {
    console.log(`No Python with venv is here: the tests with ${name} are left out.`);
    return null;
  }
  console.log(`Installing ${name} in Python for the tests …`);
  rmSync(folder, { recursive: true, force: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  const done =
    (await run(system, ['-m', 'venv', folder], { env })).code === 0 &&
    (await run(python, [...pip, '-r', requirements], { env })).code === 0;
  if (!done) {
    console.log(`Not all of it could be installed: the tests with ${name} are left out.`);
    return null;
  }
  writeFileSync(stamp, '');
  return python;
}
