import axe from 'axe-core';

/** These need to know where things are and how they look; `tests/window/accessibility.test.mjs` runs them. */
const needLayout = [
  'color-contrast',
  'link-in-text-block',
  'scrollable-region-focusable',
  'target-size',
];

// axe asks it how letters are drawn; jsdom would complain each time.
HTMLCanvasElement.prototype.getContext = () => null;

/** What axe finds wrong with the document, one line for each element; nothing where all is well. */
export async function axeViolations(): Promise<string[]> {
  const { violations } = await axe.run(document, {
    resultTypes: ['violations'],
    rules: Object.fromEntries(needLayout.map((id) => [id, { enabled: false }])),
  });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`),
  );
}
