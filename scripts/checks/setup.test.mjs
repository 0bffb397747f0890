import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildEnv, cacheDir } from '../build-env.mjs';
import { root } from '../process.mjs';
import { familyOf, missingPackages } from '../setup/linux.mjs';
import { isInstalled } from '../setup/node-modules.mjs';
import { environmentFolder } from '../setup/python.mjs';
import { atLeast } from '../setup/toolchain.mjs';

test('versions are compared as numbers', () => {
  assert.ok(atLeast('1.100.0', '1.95'));
  assert.ok(atLeast('1.95.0', '1.95'));
  assert.ok(!atLeast('1.94.9', '1.95'));
  assert.ok(!atLeast('20.18.1', '20.19'));
});

test('distributions are known by their relatives', () => {
  assert.equal(familyOf('ID=debian\n'), 'debian');
  assert.equal(familyOf('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n'), 'debian');
  assert.equal(familyOf('ID="rocky"\nID_LIKE="rhel centos fedora"\n'), 'fedora');
  assert.equal(familyOf('ID=nixos\n'), null);
});

test('a command on PATH stands for its package, a library does not', () => {
  const missing = missingPackages('debian', {
    forTests: false,
    installed: new Set(['librsvg2-dev']),
    hasCommand: (name) => name !== 'cmake',
  });
  assert.deepEqual(missing, ['cmake', 'libclang-dev', 'libwebkit2gtk-4.1-dev']);
});

test('what only the tests need is not asked for when running the app', () => {
  const nothing = { installed: new Set(), hasCommand: () => false };
  assert.ok(!missingPackages('debian', { forTests: false, ...nothing }).includes('xvfb'));
  assert.ok(missingPackages('debian', { forTests: true, ...nothing }).includes('xvfb'));
});

test('npm packages are installed again when the lock file changed', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/a': { version: '2.0.0' },
      'node_modules/mac': { version: '1.0.0', optional: true },
    },
  };
  assert.ok(isInstalled(lock, { packages: { 'node_modules/a': { version: '2.0.0' } } }));
  assert.ok(!isInstalled(lock, { packages: { 'node_modules/a': { version: '1.0.0' } } }));
  assert.ok(!isInstalled(lock, { packages: {} }));
  assert.ok(!isInstalled(lock, null));
});

test('other Python requirements are installed into another folder', () => {
  const folder = (text) => environmentFolder('/cache', text);
  assert.equal(folder('a==1\n'), folder('a==1\n'));
  assert.notEqual(folder('a==1\n'), folder('a==2\n'));
});

test('each Python requirement is one exact version', () => {
  const text = readFileSync(path.join(root, 'tests', 'hub', 'requirements.txt'), 'utf8');
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
  assert.ok(lines.some((line) => line.startsWith('huggingface_hub==')));
  for (const line of lines) assert.match(line, /^[\w-]+==\d+(\.\d+)*$/);
});

test('the build environment keeps what was set and drops what spoils llama.cpp', () => {
  const base = {
    PATH: process.env.PATH,
    PADDOCK_CACHE_DIR: process.env.TMPDIR ?? '/tmp',
    SOURCE_DATE_EPOCH: '1',
  };
  assert.equal(
    buildEnv({ ...base, CARGO_TARGET_DIR: '/elsewhere' }).CARGO_TARGET_DIR,
    '/elsewhere',
  );
  assert.ok(!('SOURCE_DATE_EPOCH' in buildEnv(base)));
  assert.ok(buildEnv(base).CARGO_TARGET_DIR.startsWith(cacheDir(base)));
});
