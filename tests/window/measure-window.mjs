// Measures the window with a large database, and beside it a window with nothing in it; prints one JSON object.
// The arguments are the database and the other window's program. `npm run bench -- window` calls this.
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { freshHome, startApp } from './app.mjs';
import { byId } from './chat.mjs';
import { settledMemoryMb } from './memory.mjs';
import { until } from './waiting.mjs';

const [, , database, hello] = process.argv;
/** Starts of each window, one after the other; the median counts. */
const starts = 5;
/** What /proc counts in: hundredths of a second, on every Linux there is. */
const tickMs = 10;

/** When a process was started, in milliseconds since 1970. */
function startedAtMs({ started }) {
  const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
  return Date.now() - uptimeMs + Number(started) * tickMs;
}

/** A place for an app's files with the large database in it. */
function fullHome() {
  const home = freshHome();
  copyFileSync(database, path.join(home, 'data', 'paddock.db'));
  return home;
}

const startHello = () => {
  const before = process.env.PADDOCK_APP;
  process.env.PADDOCK_APP = hello;
  return startApp().finally(() => {
    if (before === undefined) delete process.env.PADDOCK_APP;
    else process.env.PADDOCK_APP = before;
  });
};

/** When the page first showed something, and when `selector` was there, in milliseconds since the process started. */
async function startTimes(app, selector) {
  const start = startedAtMs(app.process);
  const { painted, there } = await app.browser.executeAsync((wanted, done) => {
    const look = () => {
      const paint = performance.getEntriesByName('first-contentful-paint')[0];
      if (!paint || !document.querySelector(wanted)) return requestAnimationFrame(look);
      done({
        painted: performance.timeOrigin + paint.startTime,
        there: performance.timeOrigin + performance.now(),
      });
    };
    look();
  }, selector);
  return { painted: painted - start, there: there - start };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** Clicks a conversation and says how long it takes until its end is on the screen. */
async function open(app, title) {
  await app.browser.execute((wanted) => {
    window.openedAfterMs = null;
    const items = [...document.querySelectorAll('[data-testid="conversation-item"]')];
    const item = items.find((one) => one.innerText.includes(wanted));
    const before = document.querySelector('[data-testid="message-assistant"]');
    const began = performance.now();
    (item.querySelector('button, a') ?? item).click();
    const look = () => {
      const answers = document.querySelectorAll('[data-testid="message-assistant"]');
      const last = answers[answers.length - 1];
      const box = last?.getBoundingClientRect();
      const shown = box && box.height > 0 && box.top < innerHeight && box.bottom > 0;
      if (!shown || answers[0] === before) return requestAnimationFrame(look);
      // Drawn, once the next frame begins.
      requestAnimationFrame(() => (window.openedAfterMs = performance.now() - began));
    };
    look();
  }, title);
  return until('the conversation to be shown', () =>
    app.browser.execute(() => window.openedAfterMs),
  );
}

/** Scrolls up through 300 frames, half a window in each. */
async function scroll(app) {
  await app.browser.execute(() => {
    window.scrolledForTheTest = null;
    let view = document.querySelector('[data-testid="message-assistant"]');
    while (!/auto|scroll/.test(getComputedStyle(view).overflowY)) view = view.parentElement;
    const times = [];
    let nodes = 0;
    const step = (now) => {
      times.push(now);
      nodes = Math.max(nodes, document.getElementsByTagName('*').length);
      if (times.length > 300) {
        const gaps = times.slice(1).map((time, index) => time - times[index]);
        const dropped = gaps.reduce(
          (sum, gap) => sum + Math.max(0, Math.round((gap * 60) / 1000) - 1),
          0,
        );
        window.scrolledForTheTest = {
          dropped,
          frames: gaps.length,
          longest: Math.max(...gaps),
          nodes,
        };
        return;
      }
      // The hand of a reader: without it the window keeps to the end.
      view.dispatchEvent(new WheelEvent('wheel', { deltaY: -1, bubbles: true }));
      view.scrollTop -= view.clientHeight / 2;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  return until('the end of scrolling', () => app.browser.execute(() => window.scrolledForTheTest));
}

const own = [];
const usable = [];
const plain = [];
for (let round = 0; round <= starts; round += 1) {
  const app = await startApp({ home: fullHome() });
  const times = await startTimes(app, `${byId('composer')}, ${byId('conversation-item')}`);
  const listed = await startTimes(app, byId('conversation-item'));
  await app.close();
  app.forget();
  const other = await startHello();
  const otherTimes = await startTimes(other, 'p');
  await other.close();
  other.forget();
  // The first start of each reads the programs from the disk.
  if (round === 0) continue;
  own.push(times.painted);
  usable.push(listed.there);
  plain.push(otherTimes.painted);
}

const other = await startHello();
// Before its page is there, a window takes less than it ever will again.
await startTimes(other, 'p');
const plainMemory = await settledMemoryMb(other);
await other.close();
other.forget();

const app = await startApp({ home: fullHome() });
try {
  await startTimes(app, byId('conversation-item'));
  const memory = await settledMemoryMb(app);
  const openMs = await open(app, 'The long conversation');
  const scrolled = await scroll(app);
  const longMessageMs = await open(app, 'The long message');
  console.log(
    JSON.stringify({
      'window.start_ms': median(own),
      'window.usable_ms': median(usable),
      'window.usable_after_start_ms': median(usable.map((time, index) => time - own[index])),
      'window.hello_start_ms': median(plain),
      'window.start_ratio': median(own) / median(plain),
      'window.memory_mb': memory,
      'window.hello_memory_mb': plainMemory,
      'window.memory_ratio': memory / plainMemory,
      'window.open_10k_ms': openMs,
      'window.dropped_frames': scrolled.dropped,
      'window.scrolled_frames': scrolled.frames,
      'window.longest_frame_ms': scrolled.longest,
      'window.dom_nodes_max': scrolled.nodes,
      'window.open_1mb_message_ms': longMessageMs,
    }),
  );
} finally {
  await app.close();
  app.forget();
}
