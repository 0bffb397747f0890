import type { Attachment } from 'svelte/attachments';

/**
 * A popover that goes away on Esc and on a click elsewhere. Esc is taken here so that it does not
 * also stop an answer.
 */
export function dismissable(
  close: (reason: 'escape' | 'outside') => void,
): Attachment<HTMLElement> {
  return (element) => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      close('escape');
    };
    const onPointer = (event: PointerEvent) => {
      const { target } = event;
      // The button that opened it closes it by itself.
      const anchor = element.closest('[data-popover-anchor]') ?? element;
      if (target instanceof Node && !anchor.contains(target)) close('outside');
    };
    document.addEventListener('keydown', onKey, true);
    document.addEventListener('pointerdown', onPointer, true);
    return () => {
      document.removeEventListener('keydown', onKey, true);
      document.removeEventListener('pointerdown', onPointer, true);
    };
  };
}

/** Arrow keys, Home and End move among the elements that match, past what cannot be used now. */
export function arrowKeys(event: KeyboardEvent, selector: string) {
  const { currentTarget } = event;
  if (!(currentTarget instanceof HTMLElement)) return;
  const items = [...currentTarget.querySelectorAll<HTMLElement>(selector)].filter(
    (item) => !item.matches(':disabled'),
  );
  const at = items.findIndex((item) => item === document.activeElement);
  const next: Record<string, number> = {
    ArrowDown: Math.min(at + 1, items.length - 1),
    ArrowUp: Math.max(at - 1, 0),
    Home: 0,
    End: items.length - 1,
  };
  const index = next[event.key];
  if (index === undefined || event.target instanceof HTMLInputElement) return;
  event.preventDefault();
  items[index]?.focus();
}
