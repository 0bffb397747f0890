import type { Attachment } from 'svelte/attachments';

/** Keys that can move the view up. */
const upward = new Set(['ArrowUp', 'PageUp', 'Home', 'Tab', ' ']);
/** A step up this long after the reader did something is still the reader's. */
const intentMs = 800;

/**
 * Keeps the end in view while the reader is at the end, and leaves the reader alone otherwise.
 * Any step up stops it at once; arriving at the end starts it again.
 */
export class Follower {
  following = $state(true);
  #scroller: HTMLElement | null = null;
  #lastTop = 0;
  #intentAt = -intentMs;
  #dragging = false;

  readonly scroller: Attachment<HTMLElement> = (element) => {
    this.#scroller = element;
    const stop = new AbortController();
    const options = { passive: true, signal: stop.signal };
    const intent = () => (this.#intentAt = performance.now());
    element.addEventListener('scroll', () => this.#scrolled(element), options);
    element.addEventListener('touchmove', intent, options);
    element.addEventListener(
      'wheel',
      ({ deltaY }) => {
        intent();
        if (deltaY < 0 && element.scrollHeight > element.clientHeight) this.following = false;
      },
      options,
    );
    // The scrollbar belongs to the element itself.
    element.addEventListener(
      'pointerdown',
      ({ target }) => (this.#dragging = target === element),
      options,
    );
    window.addEventListener('pointerup', () => (this.#dragging = false), options);
    window.addEventListener('keydown', ({ key }) => void (upward.has(key) && intent()), options);
    const sizes = this.#watchSize(element);
    return () => {
      stop.abort();
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

  /** The reader is led elsewhere. */
  leave() {
    this.following = false;
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
    // The text may have grown or shrunk since our last step, so a position alone says little:
    // only a step that follows the reader's hand is the reader's.
    const theirs = this.#dragging || performance.now() - this.#intentAt < intentMs;
    if (theirs && scrollTop < this.#lastTop - 1 && fromEnd > 4) this.following = false;
    else if (scrollTop > this.#lastTop + 1 && fromEnd <= 4) this.following = true;
    this.#lastTop = scrollTop;
  }
}
