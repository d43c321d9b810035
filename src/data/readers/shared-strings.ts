import { UnreadableFileError } from '../unreadable-file.js';
import { joined, unescaped } from './sheet-rows.js';
import { readXml } from './xml.js';

/** The texts that the cells of a workbook refer to by number. */
export interface SharedStrings {
  readonly count: number;
  /** Text `index`, from 0; undefined if there is none. */
  readonly at: (index: number) => string | undefined;
  /** Whether a text has more characters than a cell may have; it counts as empty. */
  readonly isTooLong: (index: number) => boolean;
}

/**
 * Reads the table of shared strings (ECMA-376, part 1, section 18.4): all of it, or the first `count`. A workbook of AI
 * Hub's has half a million of them, so they are stored as bytes, outside the heap. Throws an `InputError` for a damaged
 * table.
 */
export async function readSharedStrings(
  pieces: AsyncIterable<Buffer> | undefined,
  name: string,
  count = Infinity,
): Promise<SharedStrings> {
  const texts = new TextTable();
  if (pieces === undefined) return texts;
  let text: string | undefined = ''; // undefined where it is too long
  let [isText, inPhonetic] = [false, false];
  const reader = {
    open: (tag: string) => {
      if (tag === 'si') text = '';
      else if (tag === 'rPh') inPhonetic = true;
      else if (tag === 't') isText = !inPhonetic;
    },
    close: (tag: string) => {
      if (tag === 'si') texts.add(text, name);
      else if (tag === 'rPh') inPhonetic = false;
      else if (tag === 't') isText = false;
    },
    text: (piece: string) => {
      if (isText) text = joined(text, piece);
    },
    take: () => texts.count,
  };
  for await (const found of readXml(pieces, name, reader)) if (found >= count) break;
  return texts;
}

/** The most bytes of texts in a table. AI Hub's workbooks have some 60 MB. */
const MAX_BYTES = 1 << 28;

/** Texts per block. The bytes of a block are stored together. */
const BLOCK_TEXTS = 4096;

/** Texts in UTF-8, in blocks. Those of the last block are kept as strings until it is full. */
class TextTable implements SharedStrings {
  private readonly blocks: { readonly bytes: Buffer; readonly ends: Uint32Array }[] = [];
  private last: string[] = [];
  private bytes = 0;
  private readonly tooLong = new Set<number>();

  get count(): number {
    return this.blocks.length * BLOCK_TEXTS + this.last.length;
  }

  /**
   * Adds a text, or the place of one that is too long. Throws an `InputError` that calls the table `name` if there are
   * too many.
   */
  add(text: string | undefined, name: string): void {
    if (text === undefined) this.tooLong.add(this.count);
    if (this.last.push(unescaped(text ?? '')) < BLOCK_TEXTS) return;
    let end = 0;
    const texts = this.last.map((each) => Buffer.from(each)); // one by one, or halves of a surrogate pair would join
    const ends = Uint32Array.from(texts, ({ length }) => (end += length));
    this.blocks.push({ bytes: Buffer.concat(texts), ends });
    this.last = [];
    this.bytes += end;
    if (this.bytes > MAX_BYTES)
      throw new UnreadableFileError(
        name,
        `expected at most ${MAX_BYTES} bytes of texts in a workbook, got more; save its sheets as several workbooks`,
      );
  }

  readonly at = (index: number): string | undefined => {
    const block = this.blocks[Math.floor(index / BLOCK_TEXTS)];
    if (block === undefined) return this.last[index - this.blocks.length * BLOCK_TEXTS];
    const place = index % BLOCK_TEXTS;
    return block.bytes.toString('utf8', place === 0 ? 0 : block.ends[place - 1], block.ends[place]);
  };

  readonly isTooLong = (index: number): boolean => this.tooLong.has(index);
}
