import DOMPurify from 'dompurify';

/**
 * The last gate before the document. Nothing a model writes reaches this as HTML (see render.ts),
 * so whatever it removes is a defect elsewhere; it is here so that such a defect stays harmless.
 */
const config = {
  ALLOWED_TAGS: [
    'a',
    'b',
    'blockquote',
    'br',
    'button',
    'code',
    'del',
    'div',
    'em',
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'hr',
    'i',
    'input',
    'kbd',
    'li',
    'mark',
    'ol',
    'p',
    'pre',
    's',
    'span',
    'strong',
    'sub',
    'sup',
    'table',
    'tbody',
    'td',
    'th',
    'thead',
    'tr',
    'u',
    'ul',
  ],
  ALLOWED_ATTR: [
    'align',
    'aria-label',
    'checked',
    'class',
    'data-copy-code',
    'data-display',
    'data-tex',
    'data-url',
    'disabled',
    'role',
    'start',
    'tabindex',
    'type',
  ],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
} as const;

export function sanitize(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ...config,
    ALLOWED_TAGS: [...config.ALLOWED_TAGS],
    ALLOWED_ATTR: [...config.ALLOWED_ATTR],
  }) as unknown as DocumentFragment;
}
