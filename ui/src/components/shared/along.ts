import { language } from '../../lib/i18n';

/** Where an arrow key leads along a line of words: 1 onwards, -1 back, 0 for any other key. */
export function stepAlong(key: string): -1 | 0 | 1 {
  if (key !== 'ArrowRight' && key !== 'ArrowLeft') return 0;
  return (key === 'ArrowRight') === (language.dir === 'ltr') ? 1 : -1;
}
