import type { DiagramAnswer, DiagramAsk } from './diagram';

/**
 * Lays out and draws diagrams, far from the document. The layout library looks for a document to
 * tell whether it may run by itself; in a worker without one it waits for a master instead. The
 * drawing library hides `self` from it for a moment, which a worker's own forbids.
 */
const scope = globalThis as unknown as {
  document?: object;
  onmessage: ((event: MessageEvent<DiagramAsk>) => void) | null;
  postMessage(answer: DiagramAnswer): void;
};
scope.document ??= {};
Object.defineProperty(globalThis, 'self', {
  value: globalThis,
  writable: true,
  configurable: true,
});
const library = import('beautiful-mermaid');

scope.onmessage = ({ data }) => {
  void answer(data).then((drawn) => scope.postMessage(drawn));
};

async function answer({ source, colours }: DiagramAsk): Promise<DiagramAnswer> {
  try {
    const { renderMermaidSVG } = await library;
    const svg = renderMermaidSVG(source, {
      ...colours,
      font: 'system-ui',
      padding: 16,
      transparent: true,
    });
    return { svg };
  } catch (reason) {
    return { problem: String(reason) };
  }
}
