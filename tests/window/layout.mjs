// Whether everything in the window can be seen without scrolling sideways.

/**
 * What is cut off at the side of the window, and what scrolls sideways although it need not, one line for each. Wide
 * tables, code and formulas of an answer scroll for themselves.
 */
export const sideways = (app) =>
  app.browser.execute(() => {
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
    const may = '.answer, .source';
    const all = [...document.querySelectorAll('body *')].filter(isShown);
    const describe = (what, element) => {
      const { left, right } = element.getBoundingClientRect();
      return `${what} (${Math.round(left)} to ${Math.round(right)}): ${element.outerHTML.slice(0, 160)}`;
    };
    return [
      ...all.filter(isOut).map((element) => describe('cut off', element)),
      ...all
        .filter((element) => !element.closest(may) && scrolls(element, getComputedStyle(element)))
        .map((element) => describe('scrolls sideways', element)),
    ];
  });
