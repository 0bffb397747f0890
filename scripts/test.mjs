// `npm test`: sets up what is missing, then runs every check and test, stopping at the first that fails.
//
//   --only rust|ui|window   one part (may be repeated)
//   --fast                  without building the app and opening the window
//   --headed                show the window instead of opening it on a hidden display
//   --grep TEXT             only those tests of the window whose name holds TEXT
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { totalLine } from './checks/counts.mjs';
import { steps } from './checks/steps.mjs';
import { PlainError, main, root } from './process.mjs';
import { setup } from './setup.mjs';

const groups = ['rust', 'ui', 'window'];

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: groups },
      fast: { type: 'boolean', default: false },
      headed: { type: 'boolean', default: false },
      grep: { type: 'string' },
    },
  });
  const unknown = values.only.find((group) => !groups.includes(group));
  if (unknown) throw new PlainError(`--only takes ${groups.join(', ')}; not "${unknown}".`);
  return {
    ...values,
    scripts: JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).scripts,
  };
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** The result of run(), or a failure with its reason printed. */
async function attempt(run) {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    console.error(error.message);
    return { code: 1 };
  }
}

/** Runs one step; resolves to { name, time, counts, failed, skipped }. */
async function runStep(step, env, chosen) {
  console.log(`\n━━ ${step.name}`);
  const since = performance.now();
  const { code = 0, signal, output = '', skipped } = await attempt(() => step.run(env, chosen));
  if (signal) console.error(`   It was ended by ${signal}.`);
  const counts =
    step.counts && !skipped ? step.counts(output) : { passed: 0, failed: 0, skipped: 0, lines: [] };
  const failed = code !== 0 || counts.failed > 0;
  // A check without tests of its own, or a runner that died before it counted, is one failure.
  if (failed && counts.failed === 0) counts.failed = 1;
  console.log(
    skipped ? `   skipped: ${skipped}` : `   ${failed ? 'FAILED' : 'ok'} in ${seconds(since)}`,
  );
  return { name: step.name, time: seconds(since), counts, failed, skipped };
}

function report(results, notRun) {
  console.log('\n━━ Result');
  for (const { name, time, counts, failed, skipped } of results) {
    const word = failed ? 'FAILED ' : skipped ? 'skipped' : 'ok     ';
    console.log(`${word} ${name} (${skipped ?? time})`);
    for (const line of counts.lines) console.log(`          ${line}`);
  }
  for (const name of notRun) console.log(`not run ${name}`);
  console.log(`\n${totalLine(results.map((result) => result.counts))}`);
}

await main(async () => {
  const chosen = options();
  const env = {
    ...(await setup()),
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1', CARGO_TERM_COLOR: 'always' } : {}),
  };
  const wanted = steps.filter(
    (step) => chosen.only.includes(step.group) && !(chosen.fast && step.slow),
  );
  const results = [];
  for (const step of wanted) {
    results.push(await runStep(step, env, chosen));
    if (results.at(-1).failed) break;
  }
  report(
    results,
    wanted.slice(results.length).map((step) => step.name),
  );
  return results.some((result) => result.failed) ? 1 : 0;
});
