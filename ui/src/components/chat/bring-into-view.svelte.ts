import type { Attachment } from 'svelte/attachments';
import { canHighlight, findRanges, highlight } from './highlights';

const flashMs = 1600;

/**
 * Scrolls a message into the middle and marks it for a moment. `words`: what was looked for; null:
 * the reader was led here by something else, and the keyboard comes along. What comes in above it on the way
 * changes where it is, so the place is looked for again in the next frames.
 */
export async function bringIntoView(column: HTMLElement, messageId: string, words: string | null) {
  const find = () =>
    column.querySelector<HTMLElement>(`[data-message-id="${CSS.escape(messageId)}"]`);
  for (let round = 0; round < 4; round += 1) {
    const message = find();
    if (message) scrollTo(message, words ?? '');
    await new Promise((drawn) => requestAnimationFrame(drawn));
  }
  const message = find();
  if (!message) return;
  // In the find bar the reader goes on typing.
  if (words === null) message.focus({ preventScroll: true });
  message.dataset['flash'] = '';
  setTimeout(() => delete message.dataset['flash'], flashMs);
}

function scrollTo(message: HTMLElement, words: string) {
  const [range] = findRanges(message, words);
  if (range && typeof range.getBoundingClientRect === 'function') showIn(message, range);
  else showIn(message, message);
}

/**
 * Scrolls the conversation alone until `what` is in its middle, or begins at its top where it is
 * taller. `scrollIntoView` would move the page as well, which has no scroll bar to come back with.
 */
export function showIn(element: Element, what: { getBoundingClientRect(): DOMRect }) {
  const scroller = element.closest('.scroller');
  if (!scroller) return;
  const place = what.getBoundingClientRect();
  const view = scroller.getBoundingClientRect();
  const room = view.height - place.height;
  scroller.scrollTop += place.top - view.top - (room > 0 ? room / 2 : 16);
}

/** Keeps words lit up below an element, also in what comes into it later. */
export function litUp(words: () => string): Attachment<HTMLElement> {
  return (column) => {
    $effect(() => {
      const wanted = words();
      if (wanted.trim() === '') return;
      let due = 0;
      const show = () => {
        due = 0;
        const ranges = findRanges(column, wanted);
        highlight(ranges);
        if (!canHighlight()) markMessages(column, ranges);
      };
      const observer = new MutationObserver(() => (due ||= requestAnimationFrame(show)));
      observer.observe(column, { childList: true, characterData: true, subtree: true });
      show();
      return () => {
        observer.disconnect();
        cancelAnimationFrame(due);
        highlight([]);
        markMessages(column, []);
      };
    });
  };
}

function markMessages(column: HTMLElement, ranges: readonly Range[]) {
  const found = new Set(ranges.map((r) => r.startContainer.parentElement?.closest('.message')));
  for (const message of column.querySelectorAll<HTMLElement>('.message')) {
    if (found.has(message)) message.dataset['found'] = '';
    else delete message.dataset['found'];
  }
}
