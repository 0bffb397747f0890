// Waiting for conditions. Nothing in these tests sleeps for a fixed time and hopes.
import { setTimeout as pause } from 'node:timers/promises';

/** Thrown by what until() asks when waiting any longer is of no use. */
export class TooLate extends Error {}

/**
 * Asks until the answer is truthy and returns it; after `timeout` fails with what was waited for and the last answer.
 * The limit is only there to end a test that hangs: a busy machine may take ten times as long as an idle one.
 * An answer of undefined or an exception counts as "not yet".
 */
export async function until(what, ask, { timeout = 60_000, interval = 20 } = {}) {
  const deadline = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      if (error instanceof TooLate) throw error;
      last = error;
    }
    if (Date.now() > deadline) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`Waited ${timeout / 1000} s for: ${what}. Last seen: ${seen}`);
    }
    await pause(interval);
  }
}

/** Holds for `span` milliseconds: fails as soon as ask() turns false. For what must not happen. */
export async function throughout(what, ask, { span, interval = 50 }) {
  const end = Date.now() + span;
  while (Date.now() < end) {
    if (!(await ask())) throw new Error(`This should have held for ${span / 1000} s: ${what}`);
    await pause(interval);
  }
}
