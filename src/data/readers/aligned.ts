/** @file Two plain text files whose lines correspond, as in Moses and OPUS: `x.ko` and `x.en`. */
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { UnreadableFile } from '../unreadable-file.js';
import { utf8Pieces } from './encoding.js';
import { linesOf } from './text-lines.js';
import { rowOf } from './row-maker.js';
import { readPieces, type StoredFile } from './stored-file.js';

/** The side of an aligned file, by its name, and the part that both names have in common. */
export interface Side {
  readonly key: string;
  readonly language: 'ko' | 'en';
  /** The language is the very end of the name, so that it can hardly mean anything else. */
  readonly isCertain: boolean;
}

const SIDE_NAME = /^((?:.*[._-])?)(ko|kor|kr|korean|ko[-_]kr|en|eng|english|en[-_]us)((?:\.txt)?(?:\.gz)?)$/i;

/** Recognises a file such as `train.ko`, `train.en.txt`, `ko.txt` or `corpus.ko-en.ko.gz` by its name. */
export function sideOf(name: string): Side | undefined {
  const found = SIDE_NAME.exec(name);
  if (found === null) return undefined;
  const [, start, language, end] = found;
  const isCertain = start!.endsWith('.') && !/^\.txt/i.test(end!);
  return { key: `${start}*${end}`.toLowerCase(), language: /^k/i.test(language!) ? 'ko' : 'en', isCertain };
}

/** Whether two files, by their names, are the two sides of one text. */
export function arePartners(a: string, b: string): boolean {
  const [first, second] = [sideOf(a), sideOf(b)];
  return first !== undefined && first.key === second?.key && first.language !== second.language;
}

/**
 * Reads the pairs of two aligned files, the Korean one first. Throws an `UnreadableFile` if one has more lines than the
 * other.
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
    for (let i = 0; i < count; i++) rows.push(rowOf({ file, row: ++row, corpus }, left[i]!, right[i]!));
    ko!.take(count);
    en!.take(count);
    yield rows;
  }
  const [inKo, inEn] = [row + (await ko!.countRest()), row + (await en!.countRest())];
  if (inKo === inEn) return;
  const reason = `expected as many lines as in ${files[1]!.name}, got ${inKo} and ${inEn}; give files that are aligned`;
  throw new UnreadableFile(files[0]!.name, reason);
}

/** Reads the lines of a file, some at a time. */
class Lines {
  private readonly batches: AsyncGenerator<string[]>;
  private lines: string[] = [];

  constructor(file: StoredFile) {
    this.batches = linesOf(utf8Pieces(readPieces(file), file.name), file.name);
  }

  /** Returns lines that have not been taken yet; none at the end of the file. */
  async waiting(): Promise<readonly string[]> {
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
