// What the processes of an app take.
import { readFileSync } from 'node:fs';
import { findProcesses } from './processes.mjs';
import { throughout } from './waiting.mjs';

/** Memory the processes of the app share with nobody else, in megabytes: the window and the web view's helpers. */
function memoryMb(app) {
  const mark = `PADDOCK_DATA_DIR=${app.dataDir}`;
  const ours = findProcesses(
    (p) =>
      /paddock-desktop|hello-window|WebKit(Web|Network)Process/.test(p.args[0]) &&
      p.environment.includes(mark),
  );
  const kilobytes = ours.map(({ pid }) =>
    Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss: +(\d+)/m)[1]),
  );
  return kilobytes.reduce((sum, kb) => sum + kb, 0) / 1024;
}

/** The least within five seconds: garbage is collected when the page comes to rest. */
export async function settledMemoryMb(app) {
  let least = Infinity;
  const measure = () => (least = Math.min(least, memoryMb(app)));
  await throughout('memory is measured', measure, { span: 5000, interval: 500 });
  return least;
}
