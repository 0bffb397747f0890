import type { Attachment } from 'svelte/attachments';
import { drawMath } from './math';
import { sanitize } from './sanitize';

/** Shows HTML in an element: sanitised, with formulas drawn, touching only the nodes that changed. */
export function painted(html: () => string): Attachment<HTMLElement> {
  return (element) => {
    $effect(() => {
      const next = sanitize(html());
      drawMath(next);
      reconcile(element, next);
    });
  };
}

/**
 * Makes `target` look like `next` and leaves equal nodes alone, so that a selection in a growing
 * answer survives and nothing already drawn is drawn again.
 */
export function reconcile(target: Node, next: Node) {
  let old = target.firstChild;
  for (const node of [...next.childNodes]) {
    if (!old) {
      target.appendChild(node);
      continue;
    }
    const after: ChildNode | null = old.nextSibling;
    if (!old.isEqualNode(node)) update(target, old, node);
    old = after;
  }
  while (old) {
    const after: ChildNode | null = old.nextSibling;
    old.remove();
    old = after;
  }
}

function update(target: Node, old: ChildNode, node: ChildNode) {
  if (old instanceof Text && node instanceof Text) {
    if (node.data.startsWith(old.data)) old.appendData(node.data.slice(old.data.length));
    else old.data = node.data;
    return;
  }
  const alike =
    old instanceof HTMLElement &&
    node instanceof HTMLElement &&
    old.cloneNode(false).isEqualNode(node.cloneNode(false));
  if (alike) reconcile(old, node);
  else target.replaceChild(node, old);
}
