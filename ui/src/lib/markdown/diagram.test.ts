import { renderMermaidSVG } from 'beautiful-mermaid';
import { describe, expect, it, vi } from 'vitest';
import {
  canDraw,
  cleanSvg,
  type DiagramAsk,
  DiagramDrawer,
  type DiagramWorker,
  longestDiagram,
} from './diagram';

const colours = { bg: '#fff', fg: '#222', accent: '#a52', line: '#888' };

class HeldWorker implements DiagramWorker {
  asks: DiagramAsk[] = [];
  ended = false;
  onmessage: DiagramWorker['onmessage'] = null;
  onerror: DiagramWorker['onerror'] = null;
  postMessage(ask: DiagramAsk) {
    this.asks.push(ask);
  }
  terminate() {
    this.ended = true;
  }
  answer(svg: string) {
    this.onmessage?.(new MessageEvent('message', { data: { svg } }));
  }
}

describe('a picture of a diagram', () => {
  it.each([
    'graph TD\n  A[Start] --> B{Fine?}\n  B -->|yes| C[End]',
    'sequenceDiagram\n  Alice->>Bob: Hello',
    'stateDiagram-v2\n  [*] --> Ready',
    'classDiagram\n  class A',
    'erDiagram\n  A ||--o{ B : has',
  ])('is drawn and keeps its words: %s', (source) => {
    expect(canDraw(source)).toBe(true);
    const svg = cleanSvg(renderMermaidSVG(source, colours)) ?? '';
    const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
    expect(parsed.querySelector('parsererror')).toBeNull();
    expect(
      parsed.documentElement.querySelectorAll('text, rect, line, path').length,
    ).toBeGreaterThan(0);
    expect(svg).not.toMatch(/googleapis|@import|https?:\/\/(?!www\.w3\.org)/);
  });

  it('holds nothing that runs, leads away or is fetched', () => {
    const hostile = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)" width="9">
      <script>alert(1)</script><foreignObject><img src="x" onerror="alert(1)"></foreignObject>
      <a href="javascript:alert(1)"><text>a</text></a><image href="https://x.example/a.png"/>
      <use href="https://x.example/#a"/><animate attributeName="href" to="javascript:alert(1)"/>
      <style>@import url(https://x.example/a.css); text { fill: url(https://x.example/b) }</style>
      <rect style="fill: url(https://x.example/c)" width="1"/></svg>`;
    const svg = cleanSvg(hostile) ?? '';
    expect(svg).toContain('<rect');
    expect(svg).not.toMatch(
      /script|onload|onerror|foreignObject|href|x\.example|<image|<use|animate/i,
    );
  });

  it('is not made of what is no picture, too long, or of another kind', () => {
    expect(cleanSvg('<p>no</p>')).toBeNull();
    expect(canDraw('pie title Pets\n "a": 1')).toBe(false);
    expect(canDraw(`graph TD\n${'A-->B\n'.repeat(longestDiagram / 6)}`)).toBe(false);
  });
});

describe('drawing', () => {
  it('goes one after the other', async () => {
    const worker = new HeldWorker();
    const drawer = new DiagramDrawer(() => worker, 60_000);
    const one = drawer.draw({ source: 'one', colours });
    const two = drawer.draw({ source: 'two', colours });
    await vi.waitFor(() => expect(worker.asks).toHaveLength(1));
    worker.answer('<svg><text>1</text></svg>');
    expect(await one).toContain('>1<');
    await vi.waitFor(() => expect(worker.asks).toHaveLength(2));
    worker.answer('<svg><text>2</text></svg>');
    expect(await two).toContain('>2<');
  });

  it('that takes too long is ended, and the next one has a new worker', async () => {
    vi.useFakeTimers();
    const workers: HeldWorker[] = [];
    const drawer = new DiagramDrawer(() => {
      const worker = new HeldWorker();
      workers.push(worker);
      return worker;
    }, 1000);
    const one = drawer.draw({ source: 'endless', colours });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await one).toBeNull();
    expect(workers[0]?.ended).toBe(true);
    const two = drawer.draw({ source: 'two', colours });
    await vi.advanceTimersByTimeAsync(0);
    workers[1]?.answer('<svg><text>2</text></svg>');
    expect(await two).toContain('>2<');
    vi.useRealTimers();
  });
});
