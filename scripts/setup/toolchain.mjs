// Rust and Node.js: are they here, and new enough?
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PlainError, ask, root, run, which } from '../process.mjs';

/** Is version a (e.g. "1.95.0") at least b (e.g. "1.95")? */
export function atLeast(a, b) {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < right.length; i++) {
    if ((left[i] ?? 0) !== right[i]) return (left[i] ?? 0) > right[i];
  }
  return true;
}

/** The one place that says which Rust is needed is Cargo.toml. */
function neededRust() {
  return readFileSync(path.join(root, 'Cargo.toml'), 'utf8').match(
    /^rust-version = "([\d.]+)"/m,
  )[1];
}

export function checkNode() {
  const needed = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  ).engines.node.replace(/[^\d.]/g, '');
  if (atLeast(process.versions.node, needed)) return;
  throw new PlainError(
    `Paddock needs Node.js ${needed} or newer; this is ${process.versions.node}.\nGet the current one from https://nodejs.org and run the same command again.`,
  );
}

export async function checkRust(env, { forTests }) {
  const needed = neededRust();
  if (!which('cargo', env)) {
    throw new PlainError(
      `Rust is not installed: there is no "cargo" on PATH.\nInstall Rust ${needed} or newer from https://rustup.rs, open a new terminal and run the same command again.`,
    );
  }
  const version = ask('rustc', ['--version'], { env })?.match(/rustc (\d+\.\d+\.\d+)/)?.[1];
  if (!version)
    throw new PlainError(
      '"rustc --version" did not answer. Reinstall Rust from https://rustup.rs.',
    );
  if (!atLeast(version, needed)) {
    throw new PlainError(
      `Paddock needs Rust ${needed} or newer; this is ${version}.\nRun "rustup update stable" and then the same command again.`,
    );
  }
  if (!forTests) return;
  // A minimal Rust has neither formatter nor linter, and the tests begin with them.
  const missing = ['rustfmt', 'clippy'].filter((part) => {
    return ask('cargo', [part === 'rustfmt' ? 'fmt' : part, '--version'], { env }) === null;
  });
  if (missing.length === 0) return;
  const added =
    which('rustup', env) &&
    (await run('rustup', ['component', 'add', ...missing], { env })).code === 0;
  if (!added) {
    throw new PlainError(
      `Rust's ${missing.join(' and ')} are missing. Run "rustup component add ${missing.join(' ')}".`,
    );
  }
}
