import type { ContextPolicy, ContextUse } from '../host/bindings';
import { t } from '../i18n';
import { whole } from './numbers';

/** What fills the context, in words and figures. Everything here is pure. */

/** Tokens of something, and whether the loaded model counted them. */
export interface Count {
  count: number;
  exact: boolean;
}

export const policies: readonly ContextPolicy[] = [
  'stopAtLimit',
  'truncateMiddle',
  'rollingWindow',
];

export const parts = ['system', 'history', 'attachments', 'draft', 'reserve', 'free'] as const;
export type Part = (typeof parts)[number];

/** The context with what is being typed in it. */
export interface Fill {
  nCtx: number;
  exact: boolean;
  tokens: Record<Part, number>;
  /** What is in it without what is kept for the answer. */
  used: number;
  /** The part of it that the next message brings: its text and its files. */
  message: number;
  /** Tokens more than there is room for; 0: it fits. */
  over: number;
  /** Tokens the message is too long even with nothing before it. */
  overAlone: number;
}

/** What the next message adds. */
export interface Typed {
  draft: Count;
  attachments: Count;
  /** Where the chat does not exist yet, its system prompt is counted here. */
  system: Count | null;
}

export function fill(use: ContextUse, typed: Typed): Fill | null {
  const { nCtx, history, reserve } = use;
  if (nCtx === null) return null;
  const system = typed.system?.count ?? use.system;
  const attachments = use.attachments + typed.attachments.count;
  const draft = typed.draft.count;
  const message = draft + typed.attachments.count;
  const used = system + history + attachments + draft;
  return {
    nCtx,
    exact:
      use.exact && typed.draft.exact && typed.attachments.exact && (typed.system?.exact ?? true),
    tokens: {
      system,
      history,
      attachments,
      draft,
      reserve,
      free: Math.max(0, nCtx - used - reserve),
    },
    used,
    message,
    over: Math.max(0, used + reserve - nCtx),
    overAlone: Math.max(0, system + message + reserve - nCtx),
  };
}

/** 1234 where it was counted, 1200 where it is an estimate. */
export function tokenNumber({ count, exact }: Count): number {
  return exact ? count : Number(count.toPrecision(2));
}

/** "1,234 tokens", or "about 1,200 tokens". */
export function tokensText(tokens: Count): string {
  const count = tokenNumber(tokens);
  const value = whole(count);
  return tokens.exact ? t('gauge.tokens', { count, value }) : t('gauge.about', { count, value });
}

export function partName(part: Part): string {
  return t(`gauge.${part}`);
}
