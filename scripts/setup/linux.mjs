// System packages on Linux: installed on Debian and its relatives where that is allowed, named everywhere else.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { PlainError, ask, run, which } from '../process.mjs';
import { packages } from './packages.mjs';

const families = {
  debian: {
    like: ['debian', 'ubuntu'],
    installed: () =>
      lines(
        ask('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n']) ?? '',
        ' installed',
      ),
    byHand: (names) =>
      `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`,
  },
  fedora: {
    like: ['fedora', 'rhel', 'centos'],
    installed: () => lines(ask('rpm', ['-qa', '--qf', '%{NAME}\n']) ?? ''),
    byHand: (names) => `sudo dnf install ${names}`,
  },
  arch: {
    like: ['arch'],
    installed: () => lines(ask('pacman', ['-Qq']) ?? ''),
    byHand: (names) => `sudo pacman -S --needed ${names}`,
  },
};

function lines(text, ending = '') {
  return new Set(
    text
      .split('\n')
      .filter((line) => line.endsWith(ending))
      .map((line) => line.slice(0, line.length - ending.length)),
  );
}

/** Which family a computer belongs to, from the text of /etc/os-release; null when it is none we know. */
export function familyOf(osRelease) {
  const value = (name) => osRelease.match(new RegExp(`^${name}="?([^"\n]*)"?$`, 'm'))?.[1] ?? '';
  const ids = `${value('ID')} ${value('ID_LIKE')}`.split(/\s+/);
  return (
    Object.keys(families).find((family) => families[family].like.some((id) => ids.includes(id))) ??
    null
  );
}

/** The names of the packages that are wanted and not there. */
export function missingPackages(family, { forTests, installed, hasCommand }) {
  const wanted = packages.filter((item) => forTests || !item.tests);
  const missing = wanted.filter(
    (item) => !(item.command && hasCommand(item.command)) && !installed.has(item[family]),
  );
  return [...new Set(missing.map((item) => item[family]))];
}

export async function installSystemPackages(env, { forTests }) {
  const family = familyOf(osRelease());
  if (!family) {
    const names = missingPackages('debian', {
      forTests,
      installed: new Set(),
      hasCommand: (name) => which(name, env),
    });
    if (ask('pkg-config', ['--exists', 'webkit2gtk-4.1'], { env }) !== null) return;
    throw new PlainError(
      `This Linux is none that Paddock can set up by itself. Please install, under the names it uses, what Debian calls:\n  ${names.join(' ')}`,
    );
  }
  const missing = missingPackages(family, {
    forTests,
    installed: families[family].installed(),
    hasCommand: (name) => which(name, env),
  });
  if (missing.length === 0) return;
  const byHand = families[family].byHand(missing.join(' '));
  const rights = family === 'debian' ? rightsToInstall() : null;
  if (!rights) {
    throw new PlainError(
      `Some system packages are missing. Please run this, then the same command again:\n\n  ${byHand}`,
    );
  }
  await aptInstall(missing, rights, byHand);
}

function osRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

/** What to put before apt-get: nothing as root, sudo where it asks for no password, null where we may not install. */
function rightsToInstall() {
  if (process.getuid() === 0) return [];
  return which('sudo') && ask('sudo', ['-n', 'true']) !== null ? ['sudo', '-n'] : null;
}

async function aptInstall(names, rights, byHand) {
  console.log(`Installing ${names.length} system packages: ${names.join(' ')}`);
  const apt = (...args) => {
    // env, because sudo drops our variables. The lock timeout waits for an update running in the background.
    const words = [
      ...rights,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      '-qq',
      '-o',
      'DPkg::Lock::Timeout=300',
    ];
    const [command, ...rest] = [...words, '-o', 'Dpkg::Use-Pty=0', ...args];
    return run(command, rest);
  };
  const install = () => apt('install', '-y', '--no-install-recommends', ...names);
  const fresh = packageListsAreFresh();
  if (!fresh) await apt('update');
  if ((await install()).code === 0) return;
  // The lists may name versions that are gone by now.
  if (fresh) {
    await apt('update');
    if ((await install()).code === 0) return;
  }
  throw new PlainError(
    `The system packages could not be installed; apt-get says why above.\nWithout a network connection this cannot work. By hand it is:\n\n  ${byHand}`,
  );
}

/** Were apt's package lists fetched within a day? */
function packageListsAreFresh() {
  const folder = '/var/lib/apt/lists';
  try {
    const times = readdirSync(folder)
      .filter((name) => name.includes('_Packages'))
      .map((name) => statSync(`${folder}/${name}`).mtimeMs);
    const updated = Math.max(statSync(folder).mtimeMs, ...times);
    return times.length > 0 && Date.now() - updated < 24 * 3600 * 1000;
  } catch {
    return false;
  }
}
