import DOMPurify from 'dompurify';

/**
 * The last gate before the document. Nothing a model writes reaches this as HTML (see render.ts),
 * so whatever it removes is a defect elsewhere; it is here so that such a defect stays harmless.
 */
const purify = DOMPurify(window);

const tags =
  'a b blockquote br button code del div em h1 h2 h3 h4 h5 h6 hr i input kbd li mark ol p pre s span ' +
  'strong sub sup table tbody td th thead tr u ul';
const attributes =
  'align aria-label checked class data-copy-code data-display data-note data-note-back ' +
  'data-note-of data-tex data-url disabled role start ' +
  'tabindex type';

purify.setConfig({
  ALLOWED_TAGS: ['#text', ...tags.split(' ')],
  ALLOWED_ATTR: attributes.split(' '),
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
});

export function sanitize(html: string): DocumentFragment {
  // The types do not see that the configuration above asks for a fragment.
  return purify.sanitize(html) as unknown as DocumentFragment;
}
