// The npm packages: installed exactly as package-lock.json says, and only when they are not there already.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PlainError, root, runNpm } from '../process.mjs';

const lockFile = path.join(root, 'package-lock.json');
/** Holds the hash of the lock file that was installed last. */
const stamp = path.join(root, 'node_modules', '.paddock-lock-hash');
/** What npm itself remembers of what it installed. */
const npmRecord = path.join(root, 'node_modules', '.package-lock.json');

/**
 * Does npm's record of node_modules hold what package-lock.json asks for? True after an `npm install` by hand as well.
 * Packages for other systems are optional and missing by right.
 */
export function isInstalled(lock, record) {
  if (!record) return false;
  return Object.entries(lock.packages).every(([place, wanted]) => {
    if (place === '' || wanted.link) return true;
    const there = record.packages[place];
    if (there) return there.version === wanted.version;
    return Boolean(wanted.optional || wanted.devOptional || wanted.extraneous);
  });
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

export async function installNodeModules(env) {
  const lock = read(lockFile);
  const hash = createHash('sha256')
    .update(lock ?? '')
    .digest('hex');
  if (lock && read(stamp) === hash) return;
  if (lock && isInstalled(JSON.parse(lock), JSON.parse(read(npmRecord)))) return;
  console.log('Installing npm packages …');
  const install = [lock ? 'ci' : 'install', '--no-audit', '--no-fund', '--loglevel=error'];
  if ((await runNpm(install, { env })).code !== 0) {
    throw new PlainError(
      'The npm packages could not be installed; npm says why above. Is there a network connection?',
    );
  }
  writeFileSync(stamp, hash);
}
