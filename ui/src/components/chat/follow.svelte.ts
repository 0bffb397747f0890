import type { Attachment } from 'svelte/attachments';

/**
 * Keeps the end in view while the reader is at the end, and leaves the reader alone otherwise.
 * Any step up stops it at once; arriving at the end starts it again.
 */
export class Follower {
  following = $state(true);
  #scroller: HTMLElement | null = null;
  #lastTop = 0;

  readonly scroller: Attachment<HTMLElement> = (element) => {
    this.#scroller = element;
    const onScroll = () => this.#scrolled(element);
    const onWheel = (event: WheelEvent) => {
      if (event.deltaY < 0 && element.scrollHeight > element.clientHeight) this.following = false;
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('wheel', onWheel, { passive: true });
    const sizes = this.#watchSize(element);
    return () => {
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('wheel', onWheel);
      sizes?.disconnect();
      this.#scroller = null;
    };
  };

  readonly content: Attachment<HTMLElement> = (element) => {
    const sizes = this.#watchSize(element);
    return () => sizes?.disconnect();
  };

  toEnd() {
    this.following = true;
    this.#keepEnd();
  }

  #watchSize(element: HTMLElement): ResizeObserver | null {
    if (typeof ResizeObserver === 'undefined') return null;
    // Called after layout and before paint: the end is in view in the very frame that moved it.
    const observer = new ResizeObserver(() => {
      if (this.following) this.#keepEnd();
    });
    observer.observe(element);
    return observer;
  }

  #keepEnd() {
    const element = this.#scroller;
    if (!element) return;
    element.scrollTop = element.scrollHeight;
    this.#lastTop = element.scrollTop;
  }

  #scrolled(element: HTMLElement) {
    const { scrollTop } = element;
    const fromEnd = element.scrollHeight - element.clientHeight - scrollTop;
    // Our own steps leave `scrollTop` where we put it, and the text may have grown since: only a
    // step up or down from there is the reader's.
    if (scrollTop < this.#lastTop - 1 && fromEnd > 4) this.following = false;
    else if (scrollTop > this.#lastTop + 1 && fromEnd <= 4) this.following = true;
    this.#lastTop = scrollTop;
  }
}
