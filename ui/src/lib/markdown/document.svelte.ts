import { type Block, BlockSplitter } from './splitter';
import { findLinks, type Links } from './render';

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
  length = 0;

  #splitter = new BlockSplitter();
  #published = 0;
  #links: Links | null = null;

  static of(text: string): MarkdownDocument {
    const document = new MarkdownDocument();
    document.push(text);
    document.finish();
    return document;
  }

  push(delta: string) {
    this.length += delta.length;
    this.#splitter.push(delta);
  }

  finish() {
    this.#splitter.finish();
    this.publish();
    if (this.#links) this.links = this.#links;
  }

  publish() {
    const { finished, open } = this.#splitter;
    const pages = [...this.pages];
    let page = pages.at(-1);
    // The open block of last time is at the end of the last page; it is replaced.
    let blocks = page && !page.complete ? page.blocks.slice(0, this.#published % pageSize) : [];
    for (; this.#published < finished.length; this.#published += 1) {
      const block = finished[this.#published];
      if (!block) break;
      this.#noteLinks(block);
      page = openPage(pages, page);
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

  #noteLinks(block: Block) {
    const links = block.kind === 'text' ? findLinks(block.text) : null;
    if (links) this.#links = { ...links, ...this.#links };
  }
}

function openPage(pages: Page[], page: Page | undefined): Page {
  if (page && !page.complete) return page;
  const next = new Page(pages.length);
  pages.push(next);
  return next;
}
