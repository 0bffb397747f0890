import { plainMessage, plainSummary } from '../lib/host/fake-samples';
import { createFakeHost, type FakeOptions } from '../lib/host/fake';
import type { ChatEvent, FinishReason, Host } from '../lib/host';
import { firstRun, loadLateViews } from '../components/views/late-views';
import { highlighter } from '../lib/markdown/highlight';
import { katex } from '../lib/markdown/math';
import { type App, createApp, startApp } from '../lib/stores/app';
import { WindowMemory } from '../lib/stores/memory';

/** All stores over the fake host, at once instead of at a believable pace. */
export async function startedApp(
  options: FakeOptions = {},
  change: Partial<Host> = {},
): Promise<{ app: App; host: Host }> {
  // What a person waits for unawares, tests need not.
  await Promise.all([loadLateViews(), firstRun.load(), highlighter.load(), katex.load()]);
  const fake = createFakeHost({ pace: 'instant', loaded: true, ...options });
  const host = new Proxy(fake, {
    get(target, name) {
      const own = change[name as keyof Host] ?? target[name as keyof Host];
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
  const app = createApp(host, await WindowMemory.of(host));
  await startApp(app);
  return { app, host };
}

/** A chatSend whose events and end the test decides. */
export class HeldAnswer {
  emit: (event: ChatEvent) => void = () => undefined;
  end: () => void = () => undefined;
  fail: (error: unknown) => void = () => undefined;
  requests: unknown[] = [];

  readonly chatSend: Host['chatSend'] = (request, onEvent) => {
    this.requests.push(request);
    this.emit = onEvent;
    return new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
  };

  start(content = 'hello', id = 'c9', had = '') {
    const base = {
      ...plainMessage,
      conversationId: id,
      createdAtMs: 1,
      finishReason: null,
      timings: null,
      error: null,
    };
    this.emit({
      type: 'started',
      conversation: {
        id,
        title: content,
        createdAtMs: 1,
        updatedAtMs: Date.now(),
        preview: content,
        ...plainSummary,
      },
      userMessage: { ...base, id: 'u9', parentId: null, role: 'user', content, modelName: null },
      answer: {
        ...base,
        id: 'a9',
        parentId: 'u9',
        role: 'assistant',
        content: had,
        modelName: 'Test',
      },
    });
  }

  finish(content: string, finishReason: FinishReason = 'stop', conversationId = 'c9') {
    this.emit({
      type: 'done',
      message: {
        id: 'a9',
        conversationId,
        parentId: 'u9',
        role: 'assistant',
        content,
        createdAtMs: 1,
        finishReason,
        timings: { cacheN: 0, promptN: 39, promptMs: 6952, predictedN: 9, predictedMs: 3644 },
        error: null,
        modelName: 'Test',
        ...plainMessage,
      },
    });
    this.end();
  }
}
