import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cargoCounts, mochaCounts, nodeCounts, totalLine, vitestCounts } from './counts.mjs';

test('the counts of all cargo test binaries are added up', () => {
  const output = [
    'test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s',
    'test result: \u001b[31mFAILED\u001b[0m. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s',
  ].join('\n');
  const counts = cargoCounts(output);
  assert.deepEqual([counts.passed, counts.failed, counts.skipped], [8, 2, 1]);
  assert.match(counts.lines[0], /^test result: FAILED\. 8 passed; 2 failed; 1 ignored;/);
});

test('output without a result counts nothing', () => {
  assert.deepEqual(cargoCounts('error: could not compile'), {
    passed: 0,
    failed: 0,
    skipped: 0,
    lines: [],
  });
});

test("Vitest's line of tests is read, its line of files is not", () => {
  const output =
    ' Test Files  2 passed (2)\n      Tests  1 failed | 122 passed | 2 skipped (125)\n   Start at  10:00:00\n';
  const counts = vitestCounts(output);
  assert.deepEqual([counts.passed, counts.failed, counts.skipped], [122, 1, 2]);
});

test("mocha's three lines are read", () => {
  const counts = mochaCounts(
    '\n\n  12 passing (34s)\n  1 pending\n  2 failing\n\n  1) a newcomer\n',
  );
  assert.deepEqual([counts.passed, counts.failed, counts.skipped], [12, 2, 1]);
});

test("Node's own runner is read", () => {
  const counts = nodeCounts('ℹ tests 6\nℹ pass 5\nℹ fail 1\nℹ skipped 0\n');
  assert.deepEqual([counts.passed, counts.failed, counts.skipped], [5, 1, 0]);
});

test('the last line holds the totals over all runners', () => {
  assert.equal(
    totalLine([
      cargoCounts(''),
      nodeCounts('ℹ pass 5\nℹ skipped 2'),
      mochaCounts('  7 passing (1s)'),
    ]),
    '12 passed, 0 failed, 2 skipped',
  );
});
