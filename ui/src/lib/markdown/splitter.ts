/**
 * Cuts a growing Markdown text into blocks that can each be parsed alone.
 *
 * A cut is made only where the whole document would be cut too, so the blocks rendered one after
 * the other equal the document rendered at once (`splitter.test.ts` holds this). When in doubt
 * there is no cut: a list stays one block, with whatever is nested in it. Every line is looked at
 * once, when it is complete, so the cost of a token does not grow with the answer.
 *
 * Past `longBlock` characters the equality gives way to bounded work: very long lists, tables and
 * paragraphs are cut at the next item, row or sentence.
 */

export interface TextBlock {
  readonly kind: 'text';
  readonly id: number;
  readonly text: string;
}

/** A fenced code block at the top level. `chunks` are whole lines and never change once there. */
export interface CodeBlock {
  readonly kind: 'code';
  readonly id: number;
  readonly language: string;
  readonly chunks: readonly string[];
  readonly tail: string;
  readonly closed: boolean;
}

export type Block = TextBlock | CodeBlock;

const longBlock = 6000;
const longLine = 4000;
const chunkLines = 64;
const chunkCharacters = 4000;

const fenceStart = /^( {0,3})(`{3,}(?=[^`\n]*$)|~{3,})(.*)$/;
const heading = /^ {0,3}#{1,6}(?:\s|$)/;
const bullet = /^ {0,3}(?:[*+-]|\d{1,9}[.)])(?:[ \t]|$)/;
const tableDelimiter = /^ {0,3}\|?(?:[ \t]*:?-+:?[ \t]*\|)*[ \t]*:?-+:?[ \t]*\|?[ \t]*$/;
const mathStart = /^ {0,3}(?:\$\$|\\\[)/;
const mathEnd = /(?:\$\$|\\\])[ \t]*$/;
/** A letter in the first column begins nothing but a paragraph, so the line need not be complete. */
const plainStart = /^\p{L}/u;

export class BlockSplitter {
  /** Blocks that no later text can change. */
  readonly finished: Block[] = [];

  #nextId = 0;
  #openId = 0;
  /** Complete lines of the open text block. */
  #text = '';
  /** The last line, as far as it has come. */
  #line = '';
  #blankSeen = false;
  #inList = false;
  #inMath = false;
  #lastLine = '';
  #tableHead: string | null = null;
  #fence: Fence | null = null;

  /** The block still being written, or null when there is none. */
  get open(): Block | null {
    if (this.#fence) return this.#fence.block(this.#openId, this.#line, false);
    const text = this.#text + this.#line;
    return text.trim() === '' ? null : { kind: 'text', id: this.#openId, text };
  }

  push(delta: string) {
    const lines = delta.replaceAll('\r', '').split('\n');
    lines[0] = this.#line + (lines[0] ?? '');
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.#takeLine(line);
    this.#takePartialLine();
  }

  /** The text has ended: its last line is complete, and what is open stays as it is. */
  finish() {
    if (this.#fence) {
      if (this.#line) this.#takeLine(this.#line);
      this.#line = '';
      if (this.#fence) this.#closeFence();
      return;
    }
    const line = this.#line;
    this.#line = '';
    if (line) this.#takeLine(line, true);
    if (this.#fence) this.#closeFence();
    else this.#closeText();
  }

  #takeLine(line: string, last = false) {
    if (this.#fence) {
      if (this.#fence.isEnd(line)) this.#closeFence();
      else this.#fence.add(line);
      return;
    }
    const blank = line.trim() === '';
    const fence = fenceStart.exec(line);
    if (fence && this.#mayCutBefore(line)) {
      this.#closeText();
      this.#fence = new Fence(fence);
      return;
    }
    if (!blank && this.#cutsBefore(line)) this.#closeText();
    this.#text += last ? line : `${line}\n`;
    this.#noteLine(line, blank);
  }

  #noteLine(line: string, blank: boolean) {
    this.#inMath =
      !blank && (this.#inMath || mathStart.test(line)) && !endsMath(line, this.#inMath);
    if (bullet.test(line)) this.#inList = true;
    if (blank) this.#tableHead = null;
    else if (tableDelimiter.test(line) && line.includes('-') && this.#lastLine.includes('|')) {
      this.#tableHead = `${this.#lastLine}\n${line}\n`;
    }
    this.#blankSeen = blank && this.#text.trim() !== '';
    this.#lastLine = line;
    if (heading.test(line) && !this.#inList && !this.#inMath && this.#isOneLine(line))
      this.#closeText();
  }

  #isOneLine(line: string) {
    return this.#text.trim() === line.trim();
  }

  /** In a list an indented line may belong to an item. */
  #mayCutBefore(line: string) {
    return !this.#inList || /^\S/.test(line);
  }

  #cutsBefore(line: string): boolean {
    if (this.#text === '') return false;
    if (heading.test(line) && !this.#inMath && this.#mayCutBefore(line)) return true;
    if (this.#blankSeen) {
      if (this.#inList) return /^\S/.test(line) && (!bullet.test(line) || this.#isLong());
      return /^ {0,3}\S/.test(line);
    }
    return this.#cutsLongBlock(line);
  }

  #isLong() {
    return this.#text.length > longBlock;
  }

  #cutsLongBlock(line: string) {
    if (!this.#isLong() || this.#inMath) return false;
    if (this.#tableHead) {
      const head = this.#tableHead;
      this.#closeText();
      // The rest of a very long table gets the head again, else it would not be a table.
      this.#text = head;
      this.#tableHead = head;
      return false;
    }
    if (this.#inList) return bullet.test(line) && /^\S/.test(line);
    return /^\S/.test(line);
  }

  #takePartialLine() {
    if (this.#fence) {
      if (this.#line.length > chunkCharacters) {
        this.#fence.addPart(this.#line);
        this.#line = '';
      }
      return;
    }
    if (this.#blankSeen && this.#text !== '' && plainStart.test(this.#line)) this.#closeText();
    if (this.#line.length > longLine) this.#cutLongLine();
  }

  /** One line without an end, thousands of characters long: cut between two words. */
  #cutLongLine() {
    while (this.#line.length > longLine) {
      const at = wordBreak(this.#line);
      this.#text += this.#line.slice(0, at);
      // Trimmed: four spaces in front would make it code.
      const rest = this.#line.slice(at).trimStart();
      this.#closeText();
      this.#line = rest;
    }
  }

  #closeFence() {
    if (!this.#fence) return;
    this.finished.push(this.#fence.block(this.#openId, '', true));
    this.#fence = null;
    this.#startBlock();
  }

  #closeText() {
    if (this.#text.trim() !== '') {
      this.finished.push({ kind: 'text', id: this.#openId, text: this.#text });
      this.#startBlock();
      return;
    }
    this.#startBlock(false);
  }

  #startBlock(newId = true) {
    if (newId) {
      this.#nextId += 1;
      this.#openId = this.#nextId;
    }
    this.#text = '';
    this.#blankSeen = false;
    this.#inList = false;
    this.#inMath = false;
    this.#lastLine = '';
    this.#tableHead = null;
  }
}

class Fence {
  readonly #indent: number;
  readonly #end: RegExp;
  readonly #language: string;
  readonly #chunks: string[] = [];
  #tail = '';
  #tailLines = 0;

  constructor(start: RegExpExecArray) {
    const [, indent = '', ticks = '', info = ''] = start;
    this.#indent = indent.length;
    this.#end = new RegExp(`^ {0,3}${ticks}[~\`]* *$`);
    this.#language = info.trim();
  }

  isEnd(line: string) {
    return this.#end.test(line);
  }

  add(line: string) {
    const text = this.#withoutIndent(line);
    this.addPart(`${text}\n`);
    this.#tailLines += 1;
    if (this.#tailLines < chunkLines && this.#tail.length < chunkCharacters) return;
    this.#chunks.push(this.#tail);
    this.#tail = '';
    this.#tailLines = 0;
  }

  addPart(text: string) {
    this.#tail += text;
    if (text.endsWith('\n') || this.#tail.length <= chunkCharacters) return;
    this.#chunks.push(this.#tail);
    this.#tail = '';
    this.#tailLines = 0;
  }

  block(id: number, line: string, closed: boolean): CodeBlock {
    const tail = this.#tail + (line && !this.isEnd(line) ? this.#withoutIndent(line) : '');
    return { kind: 'code', id, language: this.#language, chunks: this.#chunks, tail, closed };
  }

  /** What stands left of the fence is not part of the code. */
  #withoutIndent(line: string) {
    return /^ *$/.test(line.slice(0, this.#indent)) && line.length > this.#indent
      ? line.slice(this.#indent)
      : line;
  }
}

function endsMath(line: string, wasOpen: boolean) {
  if (wasOpen) return mathEnd.test(line);
  return mathEnd.test(line.trim().slice(2));
}

function wordBreak(line: string) {
  const sentence = line.lastIndexOf('. ', longLine);
  const word = sentence > longLine / 2 ? sentence + 2 : line.lastIndexOf(' ', longLine) + 1;
  return word <= 1 ? longLine : word;
}

/** The text of a code block as it would be copied: without the line break before the fence. */
export function codeText(block: CodeBlock): string {
  return (block.chunks.join('') + block.tail).replace(/\n$/, '');
}

/** The whole text at once, cut into blocks. */
export function splitBlocks(text: string): Block[] {
  const splitter = new BlockSplitter();
  splitter.push(text);
  splitter.finish();
  return splitter.finished;
}
