/**
 * Measures how long a token takes from the host to the screen. Off unless
 * `localStorage['paddock.bench'] === '1'` when the window opens; then `window.__paddockBench` has:
 *
 *   messages       text events that came over the channel
 *   frames         one entry per painted batch: `predictedN` of its last event, `receivedMs` when
 *                  the first event of the batch came, `paintedMs` right after the frame that shows it
 *   longestTaskMs  the longest time the window's thread was not free for a timer; WebKit has no
 *                  "longtask" entries, so a message loop measures the gaps
 *   reset()        start over
 *
 * All times are `performance.now()`.
 */
export interface BenchFrame {
  predictedN: number;
  receivedMs: number;
  paintedMs: number;
}

export interface PaddockBench {
  messages: number;
  frames: BenchFrame[];
  longestTaskMs: number;
  reset(): void;
}

declare global {
  interface Window {
    __paddockBench?: PaddockBench;
  }
}

class Bench implements PaddockBench {
  messages = 0;
  frames: BenchFrame[] = [];
  longestTaskMs = 0;
  #firstMs: number | null = null;
  #lastN = 0;

  constructor() {
    this.#watchGaps();
  }

  received(predictedN: number) {
    this.messages += 1;
    this.#lastN = predictedN;
    this.#firstMs ??= performance.now();
  }

  /** Called in an animation frame: a message posted there is delivered after the paint. */
  framed() {
    if (this.#firstMs === null) return;
    const frame = { predictedN: this.#lastN, receivedMs: this.#firstMs };
    this.#firstMs = null;
    afterTask(() => this.frames.push({ ...frame, paintedMs: performance.now() }));
  }

  reset() {
    this.messages = 0;
    this.frames = [];
    this.longestTaskMs = 0;
  }

  #watchGaps() {
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      const late = now - last - 4;
      if (document.visibilityState === 'visible')
        this.longestTaskMs = Math.max(this.longestTaskMs, late);
      last = now;
    }, 4);
  }
}

function afterTask(run: () => void) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(null);
}

export const bench: Bench | null =
  localStorage.getItem('paddock.bench') === '1' ? new Bench() : null;
if (bench) window.__paddockBench = bench;
