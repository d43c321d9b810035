/** @file Reads two plain text files whose lines correspond. */
import type { Place, Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { UnreadableFileError } from '../unreadable-file.js';
import { utf8Pieces } from './encoding.js';
import { boundedLinesOf, MAX_LINE_BYTES, tooLongReason, type BoundedLine } from './text-lines.js';
import { faultyRow, rowOf } from './row-maker.js';
import { readPieces, type StoredFile } from './stored-file.js';

/**
 * Reads the pairs of two aligned files, the Korean one first. Throws an `UnreadableFileError` if one has more lines
 * than the other.
 */
export async function* readAligned(source: PairSource): AsyncGenerator<Row[]> {
  const { id: file, corpus, files } = source;
  const [ko, en] = files.map((stored) => new Lines(stored));
  let row = 0;
  for (;;) {
    const [left, right] = [await ko!.waiting(), await en!.waiting()];
    const count = Math.min(left.length, right.length);
    if (count === 0) break;
    const rows: Row[] = [];
    for (let i = 0; i < count; i++) rows.push(rowOfLines({ file, row: ++row, corpus }, left[i], right[i]));
    ko!.take(count);
    en!.take(count);
    yield rows;
  }
  const [inKo, inEn] = [row + (await ko!.countRest()), row + (await en!.countRest())];
  if (inKo === inEn) return;
  const reason = `expected as many lines as in ${files[1]!.name}, got ${inKo} and ${inEn}; give files that are aligned`;
  throw new UnreadableFileError(files[0]!.name, reason);
}

function rowOfLines(place: Place, ko: BoundedLine, en: BoundedLine): Row {
  if (ko !== undefined && en !== undefined) return rowOf(place, ko, en);
  return faultyRow(place, tooLongReason('line', MAX_LINE_BYTES));
}

/** Reads the lines of a file, some at a time. */
class Lines {
  private readonly batches: AsyncGenerator<BoundedLine[]>;
  private lines: BoundedLine[] = [];

  constructor(file: StoredFile) {
    this.batches = boundedLinesOf(utf8Pieces(readPieces(file), file.name));
  }

  /** Returns lines that have not been taken yet; none at the end of the file. */
  async waiting(): Promise<readonly BoundedLine[]> {
    while (this.lines.length === 0) {
      const next = await this.batches.next();
      if (next.done === true) break;
      this.lines = next.value;
    }
    return this.lines;
  }

  take(count: number): void {
    this.lines = this.lines.slice(count);
  }

  async countRest(): Promise<number> {
    let count = this.lines.length;
    for await (const lines of this.batches) count += lines.length;
    return count;
  }
}
