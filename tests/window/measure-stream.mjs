// Measures the window while an answer of 100,000 tokens comes in at 5,000 per second; prints one JSON object.
// The argument is the engine that writes it. `npm run bench -- ui` calls this.
import { startApp } from './app.mjs';
import { ask, byId, click, send } from './chat.mjs';
import { settledMemoryMb } from './memory.mjs';
import { until } from './waiting.mjs';

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const app = await startApp({ env: { PADDOCK_ENGINE_EXE: process.argv[2] } });
try {
  // The page looks for the switch when it opens.
  await app.browser.execute(() => localStorage.setItem('paddock.bench', '1'));
  await app.browser.refresh();
  await app.browser.$(byId('composer')).waitForExist();
  // A first answer warms everything up: fonts, the engine, compiled scripts.
  await ask(app, 'stream 20000 at 5000');
  const before = await settledMemoryMb(app);
  await app.browser.execute(() => window.__paddockBench.reset());
  // The first answer would leave no room in the context.
  await click(app, 'new-chat');
  await send(app, 'stream 100000 at 5000');
  // Reading half a megabyte of text out of the page would be measured as well: only the state is asked for.
  const state = () =>
    app.browser.execute(() => {
      return [...document.querySelectorAll('[data-testid="message-assistant"]')].at(-1)?.dataset
        .state;
    });
  await until('the end of the stream', async () => (await state()) === 'complete', {
    timeout: 180_000,
    interval: 500,
  });
  const after = await settledMemoryMb(app);
  const measured = await app.browser.execute(() => {
    const { messages, frames, longestTaskMs } = window.__paddockBench;
    return {
      messages,
      frames: frames.map(({ receivedMs, paintedMs }) => [receivedMs, paintedMs]),
      longestTaskMs,
    };
  });
  const inOrder = measured.frames.map(([received, painted]) => painted - received);
  const tenth = Math.ceil(inOrder.length / 10);
  const median = (list) =>
    percentile(
      [...list].sort((a, b) => a - b),
      0.5,
    );
  const delays = [...inOrder].sort((a, b) => a - b);
  const seconds = (measured.frames.at(-1)[1] - measured.frames[0][0]) / 1000;
  const metrics = {
    'ui.paint_delay_ms_p50': percentile(delays, 0.5),
    'ui.paint_delay_ms_p99': percentile(delays, 0.99),
    // What a token costs at the end of 100,000 of them, by what it cost at the beginning.
    'ui.end_to_start_ratio': median(inOrder.slice(-tenth)) / median(inOrder.slice(0, tenth)),
    'ui.longest_task_ms': measured.longestTaskMs,
    'ui.messages_per_second': measured.messages / seconds,
    'ui.memory_growth_mb': after - before,
    'ui.stream_seconds': seconds,
  };
  console.log(JSON.stringify(metrics));
} finally {
  await app.close();
  app.forget();
}
