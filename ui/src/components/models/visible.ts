import { untrack } from 'svelte';
import type { Attachment } from 'svelte/attachments';

/** Calls once, when the element comes on screen; at once where nobody can tell. */
export function whenVisible(seen: () => void): Attachment<HTMLElement> {
  return (element) => {
    if (typeof IntersectionObserver === 'undefined') {
      untrack(seen);
      return;
    }
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      seen();
    });
    observer.observe(element);
    return () => observer.disconnect();
  };
}
