import { t } from '../i18n';
import type { MarkdownDocument } from '../markdown/document.svelte';
import { plainBlock } from '../markdown/plain';
import type { Block } from '../markdown/splitter';

/** Long enough to be read out before the next piece comes. */
const everyMs = 4000;
const longest = 1200;

/**
 * Owns what a screen reader is told of the answer that is being written: whole finished blocks as
 * plain text, a few seconds apart, never each token. Code is named, not read out.
 */
export class AnswerVoice {
  text = $state('');

  #document: MarkdownDocument | null = null;
  #spoken = 0;
  #lastMs = 0;

  /** What an answer has already when it begins is known. */
  begin(document: MarkdownDocument, nowMs: number) {
    this.#document = document;
    this.#spoken = document.finished.length;
    this.#lastMs = nowMs;
  }

  follow(document: MarkdownDocument, nowMs: number) {
    if (document !== this.#document) this.begin(document, nowMs);
    if (nowMs - this.#lastMs >= everyMs) this.#speak(document, nowMs);
  }

  finish(document: MarkdownDocument, nowMs: number) {
    if (document === this.#document) this.#speak(document, nowMs);
    this.#document = null;
  }

  #speak({ finished }: MarkdownDocument, nowMs: number) {
    if (finished.length <= this.#spoken) return;
    const text = finished.slice(this.#spoken).map(spoken).filter(Boolean).join('\n');
    this.#spoken = finished.length;
    this.#lastMs = nowMs;
    this.text = text.length > longest ? `${text.slice(0, longest)}…` : text;
  }
}

function spoken(block: Block): string {
  if (block.kind === 'text') return plainBlock(block);
  return block.language ? `${t('answer.code')}, ${block.language}` : t('answer.code');
}
