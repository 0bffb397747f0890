// Conversations that are there before the app starts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { buildEnv } from '../../scripts/build-env.mjs';
import { freshHome } from './app.mjs';

const program = path.join(buildEnv().CARGO_TARGET_DIR, 'debug', 'seed-chats');

/** Writes conversations into a database: [{ title, turns: [[question, answer], …] }], the newest last. */
export function seed(database, conversations) {
  mkdirSync(path.dirname(database), { recursive: true });
  const { status, stderr, error } = spawnSync(program, [database], {
    input: JSON.stringify(conversations),
    encoding: 'utf8',
    maxBuffer: 1 << 20,
  });
  assert.equal(status, 0, `seed-chats: ${stderr ?? error}`);
}

/** A place for an app's files with conversations in it. */
export function seededHome(conversations) {
  const home = freshHome();
  seed(path.join(home, 'data', 'paddock.db'), conversations);
  return home;
}
