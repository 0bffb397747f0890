// The npm packages: installed exactly as package-lock.json says, and only when they are not there already.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PlainError, root, runNpm } from '../process.mjs';

/**
 * Does node_modules hold what package-lock.json asks for? npm keeps its own record of what it installed there, so an
 * `npm install` by hand counts as well. Packages for other systems are optional and missing by right.
 */
export function isInstalled(lock, record) {
  if (!record) return false;
  return Object.entries(lock.packages).every(([place, wanted]) => {
    if (place === '' || wanted.link) return true;
    const there = record.packages[place];
    return there
      ? there.version === wanted.version
      : Boolean(wanted.optional || wanted.devOptional);
  });
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

export async function installNodeModules(env) {
  const lock = readJson(path.join(root, 'package-lock.json'));
  const record = readJson(path.join(root, 'node_modules', '.package-lock.json'));
  if (lock && isInstalled(lock, record)) return;
  console.log('Installing npm packages …');
  const { code } = await runNpm(
    [lock ? 'ci' : 'install', '--no-audit', '--no-fund', '--loglevel=error'],
    { env },
  );
  if (code !== 0) {
    throw new PlainError(
      'The npm packages could not be installed; npm says why above. Is there a network connection?',
    );
  }
}
