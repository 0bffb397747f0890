// `npm run bench`: measures Paddock and prints a table, or with `--json` one object of dotted names and numbers.
//
//   npm run bench -- engine     one group; without a name all of them
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PlainError, main } from './process.mjs';
import { setup } from './setup.mjs';

const folder = path.join(import.meta.dirname, 'bench');

/** Each file in bench/ exports its name and run({ env, say }), which resolves to { 'name.metric_unit': number }. */
async function loadGroups(wanted) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
  const groups = await Promise.all(files.map((file) => import(`./bench/${file}`)));
  const names = groups.map((group) => group.name);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown)
    throw new PlainError(`There is no group "${unknown}". There are: ${names.join(', ')}.`);
  return groups.filter((group) => wanted.length === 0 || wanted.includes(group.name));
}

function printTable(metrics) {
  const width = Math.max(...Object.keys(metrics).map((name) => name.length));
  for (const [name, value] of Object.entries(metrics))
    console.log(`${name.padEnd(width)}  ${format(value)}`);
}

/** Enough digits to compare by, no more. */
function format(value) {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' } },
  });
  const groups = await loadGroups(positionals);
  const env = await setup();
  // With --json nothing but the object may stand on stdout.
  const say = (text) => console.error(text);
  const metrics = {};
  for (const group of groups) {
    say(`Measuring ${group.name} …`);
    Object.assign(metrics, await group.run({ env, say }));
  }
  if (values.json) console.log(JSON.stringify(metrics, null, 2));
  else printTable(metrics);
});
