import DOMPurify from 'dompurify';

/**
 * Mermaid diagrams as pictures. What draws them runs in a worker: no document, no host, nothing to
 * reach, and it can be ended. What it draws is cleaned and shown as an image, in which nothing can
 * run and nothing can be loaded.
 */

export interface DiagramColours {
  bg: string;
  fg: string;
  accent: string;
  line: string;
}

export interface DiagramAsk {
  source: string;
  colours: DiagramColours;
}
export type DiagramAnswer = { svg: string } | { problem: string };

/** As much of `Worker` as is needed. */
export interface DiagramWorker {
  postMessage(ask: DiagramAsk): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<DiagramAnswer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export const longestDiagram = 20_000;
/** Kinds that the drawing library knows; the others stay as they were written. */
const kinds =
  /^\s*(?:%%[^\n]*\n\s*)*(?:(?:graph|flowchart)\s+(?:TD|TB|LR|BT|RL)\b|stateDiagram(?:-v2)?|sequenceDiagram|classDiagram|erDiagram|xychart(?:-beta)?)/;

export function canDraw(source: string): boolean {
  return source.length <= longestDiagram && kinds.test(source);
}

/** Draws one diagram after the other; one that takes too long is given up. */
export class DiagramDrawer {
  #make: () => DiagramWorker;
  #limitMs: number;
  #worker: DiagramWorker | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(make: () => DiagramWorker, limitMs: number) {
    this.#make = make;
    this.#limitMs = limitMs;
  }

  /** A clean SVG, or null where there is none. */
  draw(ask: DiagramAsk): Promise<string | null> {
    const drawn = this.#last.then(() => this.#drawNow(ask));
    this.#last = drawn;
    return drawn;
  }

  #drawNow(ask: DiagramAsk): Promise<string | null> {
    return new Promise((resolve) => {
      const end = (svg: string | null) => {
        clearTimeout(limit);
        // A worker that failed or hangs is in a state nobody knows.
        if (svg === null) this.#drop();
        resolve(svg);
      };
      const limit = setTimeout(() => end(null), this.#limitMs);
      try {
        const worker = (this.#worker ??= this.#make());
        worker.onmessage = ({ data }) => end('svg' in data ? cleanSvg(data.svg) : null);
        worker.onerror = () => end(null);
        worker.postMessage(ask);
      } catch {
        end(null);
      }
    });
  }

  #drop() {
    this.#worker?.terminate();
    this.#worker = null;
  }
}

const purify = DOMPurify(window);

/** The picture without anything that could run, lead away or be fetched; null if none is left. */
export function cleanSvg(svg: string): string | null {
  const fragment = purify.sanitize(svg, {
    USE_PROFILES: { svg: true, svgFilters: false },
    FORBID_TAGS: ['a', 'animate', 'foreignObject', 'image', 'script', 'set', 'use'],
    FORBID_ATTR: ['href', 'xlink:href', 'src'],
    ADD_TAGS: ['style'],
    RETURN_DOM_FRAGMENT: true,
  }) as unknown as DocumentFragment;
  const picture = fragment.querySelector('svg');
  if (!picture) return null;
  for (const style of picture.querySelectorAll('style')) {
    style.textContent = harmlessCss(style.textContent ?? '');
  }
  for (const element of picture.querySelectorAll('[style]')) {
    if (/url\s*\(|\\/i.test(element.getAttribute('style') ?? '')) element.removeAttribute('style');
  }
  // An image is read as XML, which needs the name space that HTML leaves out.
  picture.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return new XMLSerializer().serializeToString(picture);
}

/** Fonts from the network are wished for by the library; nothing in a picture may be. */
function harmlessCss(css: string): string {
  const own = css.replace(/@import[^;]*;/gi, '');
  return /url\s*\(|@import|\\/i.test(own) ? '' : own;
}

/** The drawer of this window. */
let drawer: DiagramDrawer | null = null;

export function drawDiagram(ask: DiagramAsk): Promise<string | null> {
  if (typeof Worker === 'undefined') return Promise.resolve(null);
  drawer ??= new DiagramDrawer(
    () => new Worker(new URL('./diagram-worker.ts', import.meta.url), { type: 'module' }),
    8000,
  );
  return drawer.draw(ask);
}
