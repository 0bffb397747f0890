// Reads the closing counts of each test runner out of what it printed, so that they can be repeated at the end.

const colours = /\u001b\[[0-9;]*m/g;

const none = () => ({ passed: 0, failed: 0, skipped: 0, lines: [] });

/** cargo test: one "test result:" line per test binary, added up into one line of the same form. */
export function cargoCounts(output) {
  const counts = none();
  const pattern =
    /^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored; (\d+) measured; (\d+) filtered out/gm;
  const binaries = [...output.replace(colours, '').matchAll(pattern)];
  let filtered = 0;
  for (const [, passed, failed, ignored, , out] of binaries) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
    filtered += Number(out);
  }
  if (binaries.length > 0) {
    const word = counts.failed > 0 ? 'FAILED' : 'ok';
    const { passed, failed, skipped } = counts;
    counts.lines.push(
      `test result: ${word}. ${passed} passed; ${failed} failed; ${skipped} ignored; 0 measured; ${filtered} filtered out (${binaries.length} test binaries)`,
    );
  }
  return counts;
}

/** Vitest: "      Tests  1 failed | 122 passed | 2 skipped (125)". */
export function vitestCounts(output) {
  const counts = none();
  for (const [line] of output.replace(colours, '').matchAll(/^ *Tests {2}.*\(\d+\)$/gm)) {
    const number = (word) => Number(line.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
    counts.passed += number('passed');
    counts.failed += number('failed');
    counts.skipped += number('skipped') + number('todo');
    counts.lines.push(line.trim());
  }
  return counts;
}

/** Mocha: "  12 passing (34s)", "  1 pending", "  2 failing". */
export function mochaCounts(output) {
  const counts = none();
  const fields = { passing: 'passed', pending: 'skipped', failing: 'failed' };
  for (const [line, number, word] of output
    .replace(colours, '')
    .matchAll(/^ +(\d+) (passing|pending|failing).*$/gm)) {
    counts[fields[word]] += Number(number);
    counts.lines.push(line.trim());
  }
  return counts;
}

/** Node's own runner: "ℹ pass 5", "ℹ fail 0", "ℹ skipped 0". */
export function nodeCounts(output) {
  const counts = none();
  const fields = { pass: 'passed', fail: 'failed', skipped: 'skipped' };
  for (const [line, word, number] of output
    .replace(colours, '')
    .matchAll(/^(?:ℹ|#) (pass|fail|skipped) (\d+)$/gm)) {
    counts[fields[word]] += Number(number);
    counts.lines.push(line);
  }
  return counts;
}

/** The last line of `npm test`. */
export function totalLine(all) {
  const sum = (field) => all.reduce((total, counts) => total + counts[field], 0);
  return `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`;
}
