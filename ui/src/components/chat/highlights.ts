/** Lights up words in what is on screen, without changing it (CSS Custom Highlight API). */

const name = 'paddock-find';
/** Enough to look at; a letter in a long conversation is everywhere. */
const most = 2000;

/** Where the words are below `root`, in order. */
export function findRanges(root: Node, words: string): Range[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  const ranges: Range[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node && ranges.length < most; node = walker.nextNode()) {
    const text = (node.nodeValue ?? '').toLowerCase();
    // Letters that change their length when they are small have no place to point to.
    if (text.length !== (node.nodeValue ?? '').length) continue;
    for (const word of wanted) ranges.push(...rangesOf(node, text, word));
  }
  return ranges.slice(0, most);
}

function rangesOf(node: Node, text: string, word: string): Range[] {
  const ranges: Range[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + word.length);
    ranges.push(range);
  }
  return ranges;
}

/** Whether this web view can; where it cannot, the message as a whole is marked. */
export function canHighlight(): boolean {
  return typeof Highlight !== 'undefined' && 'highlights' in CSS;
}

export function highlight(ranges: readonly Range[]) {
  if (!canHighlight()) return;
  if (ranges.length === 0) CSS.highlights.delete(name);
  else CSS.highlights.set(name, new Highlight(...ranges));
}
