// Whether everything in the window can be seen without scrolling sideways.

/**
 * What is cut off at the side of the window, and what scrolls sideways although it need not, one line for each. Wide
 * tables, code and formulas of an answer scroll for themselves.
 */
export const sideways = (app) =>
  app.browser.executeAsync((done) => {
    const around = function* (element) {
      for (let at = element; at; at = at.parentElement) yield [at, getComputedStyle(at)];
    };
    const scrolls = (at, style) =>
      /auto|scroll/.test(style.overflowX) && at.scrollWidth > at.clientWidth + 1;
    const isShown = (element) => {
      const { width, height } = element.getBoundingClientRect();
      if (width <= 1 || height <= 1) return false;
      return [...around(element)].every(([, s]) => s.visibility !== 'hidden' && s.opacity !== '0');
    };
    const { clientWidth } = document.documentElement;
    const isOut = (element) => {
      const { left, right } = element.getBoundingClientRect();
      if (left >= -1 && right <= clientWidth + 1) return false;
      return ![...around(element.parentElement)].some(([at, style]) => scrolls(at, style));
    };
    const line = (what, element) => {
      const { left, right } = element.getBoundingClientRect();
      return `${what} (${Math.round(left)} to ${Math.round(right)}): ${element.outerHTML.slice(0, 160)}`;
    };
    const look = () => {
      // The strokes of a formula are longer than what is seen of them.
      const all = [...document.querySelectorAll('body *:not(svg *, .katex *)')].filter(isShown);
      const out = all.filter(isOut);
      const scrolling = all.filter(
        (element) =>
          !element.closest('.answer, .source') && scrolls(element, getComputedStyle(element)),
      );
      return [
        // What is in something that is cut off is cut off with it.
        ...out
          .filter((element) => !out.includes(element.parentElement))
          .map((element) => line('cut off', element)),
        ...scrolling.map((element) => line('scrolls sideways', element)),
      ];
    };
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    // A window that was just resized learns of it in a frame to come, and then something may slide in or out.
    const settle = async () => {
      await frame();
      await frame();
      const moving = document
        .getAnimations()
        .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
        .filter(({ playState }) => playState === 'running');
      if (moving.length === 0) return;
      await Promise.all(moving.map(({ finished }) => finished.catch(() => {})));
      await settle();
    };
    settle().then(
      () => done(look()),
      (error) => done([String(error)]),
    );
  });
