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

/**
 * Lets a process run for a moment at a time only, so that a short answer lasts long enough to be interrupted in the
 * middle. Returns the function that ends it.
 */
export function slowDown(pid, { runs = 1, rests = 40 } = {}) {
  let timer;
  const next = () => {
    // Waited for without letting go: on a busy machine the process then runs less, and never more.
    const end = performance.now() + runs;
    if (!signal(pid, 'SIGCONT')) return;
    while (performance.now() < end);
    signal(pid, 'SIGSTOP');
    timer = setTimeout(next, rests);
  };
  next();
  return () => {
    clearTimeout(timer);
    signal(pid, 'SIGCONT');
  };
}
