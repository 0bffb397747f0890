import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

const src = join(import.meta.dirname, '..');

/** The text of every file of the window whose path matches, by its path from `src`. */
export function sources(matching: RegExp): [path: string, text: string][] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => matching.test(path))
    .toSorted()
    .map((path) => [path, readFileSync(join(src, path), 'utf8')]);
}
