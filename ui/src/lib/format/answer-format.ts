import type { FormatChoice } from '../host/bindings';
import { t } from '../i18n';

/** What answers look like, as it is typed. Everything here is pure. */

export type FormatKind = FormatChoice['kind'];
/** Both texts stay while another kind is chosen. */
export interface TypedFormat {
  kind: FormatKind;
  schema: string;
  gbnf: string;
}

export const formatKinds: readonly FormatKind[] = ['text', 'jsonObject', 'jsonSchema', 'grammar'];
export const freeText: FormatChoice = { kind: 'text' };

/** What the engine takes, in bytes. */
const longest = 256 * 1024;

export function typedFormat(choice: FormatChoice = freeText): TypedFormat {
  return {
    kind: choice.kind,
    schema: choice.kind === 'jsonSchema' ? choice.schema : '',
    gbnf: choice.kind === 'grammar' ? choice.gbnf : '',
  };
}

export function readFormat({ kind, schema, gbnf }: TypedFormat): FormatChoice {
  if (kind === 'jsonSchema') return { kind, schema };
  return kind === 'grammar' ? { kind, gbnf } : { kind };
}

export function isSameFormat(one: FormatChoice = freeText, other: FormatChoice = freeText) {
  const [a, b] = [typedFormat(one), typedFormat(other)];
  return a.kind === b.kind && a.schema === b.schema && a.gbnf === b.gbnf;
}

/** What is certainly wrong; the engine looks at the rest. */
export function formatProblem({ kind, schema, gbnf }: TypedFormat): string | null {
  const text = kind === 'jsonSchema' ? schema : kind === 'grammar' ? gbnf : '';
  if (new TextEncoder().encode(text).length > longest) return t('formats.tooLong');
  if (kind === 'grammar') return /^[ \t]*root\s*::=/m.test(gbnf) ? null : t('formats.noRoot');
  if (kind !== 'jsonSchema') return null;
  try {
    const value: unknown = JSON.parse(schema);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? null : t('formats.noObject');
  } catch {
    return t('formats.noJson');
  }
}
