import type { AttachmentKind } from '../host/bindings';
import { t } from '../i18n';

/** What may be attached, and how it is named. Everything here is pure. */

export const mostFiles = 10;
export const mostBytes = 50_000_000;
/** Pasted text from this length on may be better off as a file. */
export const longPaste = 4000;

const pictures = /\.(png|jpe?g|gif|webp|bmp|tiff?|heic|avif|svgz?|ico)$/i;

export function isPicture({ name, type }: { name: string; type: string }): boolean {
  // An SVG is text, but nobody who attaches one means its source.
  return type.startsWith('image/') || pictures.test(name);
}

export function kindName(kind: AttachmentKind): string {
  return t(`attach.${kind}`);
}
