// Finding and hurting processes, through /proc.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

function read(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return null; // ended meanwhile
  }
}

/** { pid, parent, state, started } of a process, or null when there is none. */
export function processInfo(pid) {
  const stat = read(pid, 'stat');
  if (!stat) return null;
  // The name, in brackets, may hold anything: fields are counted after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, state: fields[0], parent: Number(fields[1]), started: fields[19] };
}

/** Is this very process still running? A pid used again by another process is not it; neither is a zombie. */
export function isAlive({ pid, started }) {
  const now = processInfo(pid);
  return now !== null && now.started === started && now.state !== 'Z' && now.state !== 'X';
}

/** All processes whose executable, arguments and environment pass the test. */
export function findProcesses(test) {
  const found = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const info = processInfo(pid);
    if (!info || info.state === 'Z') continue;
    const args = (read(pid, 'cmdline') ?? '').split('\0').slice(0, -1);
    if (args.length === 0) continue; // a kernel thread
    const seen = {
      ...info,
      args,
      get executable() {
        try {
          return readlinkSync(`/proc/${pid}/exe`);
        } catch {
          return null;
        }
      },
      get environment() {
        return (read(pid, 'environ') ?? '').split('\0');
      },
    };
    if (test(seen)) found.push(seen);
  }
  return found;
}

/** Sends a signal; false when the process has ended meanwhile. */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
    return false;
  }
}

/** The processor time that all threads of a process have had, in milliseconds; Infinity when it has ended. */
function processorTimeMs(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanoseconds = threads.map((thread) => {
      return Number(read(pid, `task/${thread}/schedstat`)?.split(' ')[0] ?? 0);
    });
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
  } catch {
    return Infinity;
  }
}

/**
 * Lets a process run for a moment at a time only, so that a short answer lasts long enough to be interrupted in the
 * middle. Returns the function that ends it.
 */
export function slowDown(pid, { runs = 1, rests = 40 } = {}) {
  let timer;
  const blink = new Int32Array(new SharedArrayBuffer(4));
  const next = () => {
    // Its own processor time counts, not the clock's: on a busy machine it waits for its turn, and an answer that never
    // gets anywhere is no slow answer. Half a second is enough for a process that has nothing to do.
    const end = performance.now() + 500;
    const enough = processorTimeMs(pid) + runs;
    if (!signal(pid, 'SIGCONT')) return;
    while (processorTimeMs(pid) < enough && performance.now() < end) Atomics.wait(blink, 0, 0, 0.2);
    signal(pid, 'SIGSTOP');
    timer = setTimeout(next, rests);
  };
  next();
  return () => {
    clearTimeout(timer);
    signal(pid, 'SIGCONT');
  };
}
