/**
 * One observer for all parts of a view: hundreds of them would each be asked in every frame.
 */
type Told = (near: boolean) => void;

/** So far from the window a part is drawn already. */
const margin = '1500px 0px';
const observers = new WeakMap<object, IntersectionObserver>();
const told = new WeakMap<Element, Told>();
const wholeWindow = {};

export const canWatch = typeof IntersectionObserver !== 'undefined';

export function watchNearby(part: Element, root: Element | null, tell: Told): () => void {
  const key = root ?? wholeWindow;
  let observer = observers.get(key);
  if (!observer) {
    observer = new IntersectionObserver(
      (entries) => {
        // Of a part that came and went in between, the last word counts.
        const last = new Map(entries.map((entry) => [entry.target, entry.isIntersecting]));
        for (const [target, near] of last) told.get(target)?.(near);
      },
      { root, rootMargin: margin },
    );
    observers.set(key, observer);
  }
  const watching = observer;
  told.set(part, tell);
  watching.observe(part);
  return () => {
    watching.unobserve(part);
    told.delete(part);
  };
}
