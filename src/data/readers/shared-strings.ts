import { unescaped } from './sheet-rows.js';
import { readXml } from './xml.js';

/** The texts that the cells of a workbook refer to by number. */
export interface SharedStrings {
  readonly count: number;
  /** Text `index`, from 0; none where there is no such text. */
  readonly at: (index: number) => string | undefined;
}

/**
 * Reads the table of shared strings (ECMA-376, part 1, section 18.4): all of it, or until there are `count`. A workbook
 * of AI Hub's has half a million of them: they are kept as bytes, outside the heap. Throws an `InputError` for a
 * damaged table.
 */
export async function readSharedStrings(pieces: AsyncIterable<Buffer> | undefined, name: string, count = Infinity): Promise<SharedStrings> {
  const texts = new TextTable();
  if (pieces === undefined) return texts;
  let [text, isText, inPhonetic] = ['', false, false];
  const reader = {
    open: (tag: string) => {
      if (tag === 'si') text = '';
      else if (tag === 'rPh') inPhonetic = true;
      else if (tag === 't') isText = !inPhonetic;
    },
    close: (tag: string) => {
      if (tag === 'si') texts.add(unescaped(text));
      else if (tag === 'rPh') inPhonetic = false;
      else if (tag === 't') isText = false;
    },
    text: (piece: string) => {
      if (isText) text += piece;
    },
    take: () => texts.count,
  };
  for await (const found of readXml(pieces, name, reader)) if (found >= count) break;
  return texts;
}

/** Texts one after the other in UTF-8. */
class TextTable implements SharedStrings {
  private bytes = Buffer.allocUnsafeSlow(1 << 16);
  private ends = new Float64Array(1 << 10); // text i is the bytes ends[i − 1] … ends[i] − 1
  count = 0;

  add(text: string): void {
    const start = this.endOf(this.count - 1);
    if (start + 3 * text.length > this.bytes.length) this.bytes = grown(this.bytes, 3 * text.length);
    if (this.count === this.ends.length) {
      const longer = new Float64Array(2 * this.count);
      longer.set(this.ends);
      this.ends = longer;
    }
    this.ends[this.count++] = start + this.bytes.write(text, start);
  }

  readonly at = (index: number): string | undefined =>
    index >= 0 && index < this.count ? this.bytes.toString('utf8', this.endOf(index - 1), this.endOf(index)) : undefined;

  private endOf(index: number): number {
    return index < 0 ? 0 : this.ends[index];
  }
}

function grown(bytes: Buffer, more: number): Buffer<ArrayBuffer> {
  const longer = Buffer.allocUnsafeSlow(2 * bytes.length + more);
  bytes.copy(longer);
  return longer;
}
