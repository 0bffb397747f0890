import { type Block, BlockSplitter } from './splitter';
import { findNotes, type Notes, numberNotes } from './footnotes';
import { findLinks, type Links } from './render';
import { type Parts, ThinkingSplitter } from './thinking';

/**
 * One answer as the window shows it: pages of finished blocks and the block still being written.
 *
 * Owns how the text is divided. Does not own the text's fate (chat store) nor how a block looks
 * (components/chat). `push` costs the same however long the answer is; nothing on screen changes
 * until `publish`, which the chat store calls at most once per frame.
 */

/** Blocks per page. Pages far from what is being read are not drawn at all. */
const pageSize = 16;

export class Page {
  readonly id: number;
  blocks = $state.raw<readonly Block[]>([]);
  complete = $state(false);

  constructor(id: number) {
    this.id = id;
  }
}

export class MarkdownDocument {
  pages = $state.raw<readonly Page[]>([]);
  /** Known only when the text has ended: a definition may come last. */
  links = $state.raw<Links | undefined>(undefined);
  notes = $state.raw<Notes | undefined>(undefined);
  /** What the model thought before it answered; null: nothing. */
  thinking = $state.raw<MarkdownDocument | null>(null);
  /** Whether it is still at it. */
  isThinking = $state(false);
  length = 0;

  #parts: ThinkingSplitter | null;

  #splitter = new BlockSplitter();
  #published = 0;
  #links: Links | null = null;
  #notes: { label: string; page: number }[] = [];

  /** `plain`: a text in which nothing is taken for a thought. */
  constructor(plain = false) {
    this.#parts = plain ? null : new ThinkingSplitter();
  }

  static of(text: string): MarkdownDocument {
    const document = new MarkdownDocument();
    document.push(text);
    document.finish();
    return document;
  }

  push(delta: string) {
    this.length += delta.length;
    if (this.#parts) this.#take(this.#parts.push(delta));
    else this.#splitter.push(delta);
  }

  finish() {
    if (this.#parts) this.#take(this.#parts.finish());
    this.#splitter.finish();
    this.#thoughts?.finish();
    this.publish();
    if (this.#links) this.links = this.#links;
    this.notes = numberNotes(this.#notes);
  }

  /** The blocks that no later text can change. */
  get finished(): readonly Block[] {
    return this.#splitter.finished;
  }

  #take({ thought, said }: Parts) {
    if (thought !== '') (this.#thoughts ??= new MarkdownDocument(true)).push(thought);
    if (said !== '') this.#splitter.push(said);
  }
  #thoughts: MarkdownDocument | null = null;

  publish() {
    this.isThinking = this.#parts?.inside ?? false;
    this.#thoughts?.publish();
    if (this.thinking !== this.#thoughts) this.thinking = this.#thoughts;
    const { finished, open } = this.#splitter;
    const pages = [...this.pages];
    let page = pages.at(-1);
    // The open block of last time is at the end of the last page; it is replaced.
    let blocks = page && !page.complete ? page.blocks.slice(0, this.#published % pageSize) : [];
    for (; this.#published < finished.length; this.#published += 1) {
      const block = finished[this.#published];
      if (!block) break;
      page = openPage(pages, page);
      this.#noteLinks(block, page.id);
      blocks = [...blocks, block];
      if (blocks.length < pageSize) continue;
      page.blocks = blocks;
      page.complete = true;
      blocks = [];
    }
    if (open) {
      page = openPage(pages, page);
      blocks = [...blocks, open];
    }
    if (page && !page.complete) page.blocks = blocks;
    if (pages.length !== this.pages.length) this.pages = pages;
  }

  #noteLinks(block: Block, page: number) {
    if (block.kind !== 'text') return;
    const links = findLinks(block.text);
    if (links) this.#links = { ...links, ...this.#links };
    for (const label of findNotes(block.text)) this.#notes.push({ label, page });
  }
}

function openPage(pages: Page[], page: Page | undefined): Page {
  if (page && !page.complete) return page;
  const next = new Page(pages.length);
  pages.push(next);
  return next;
}
