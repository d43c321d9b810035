/** @file What is compared of sources to find copies. */
import { lastPairs } from './last-pairs.js';
import { firstPairs } from './read-source.js';
import { readPieces } from './readers/stored-file.js';
import type { PairSource } from './source.js';

/** How many pairs to compare at the beginning, or at the end, of two files. */
const COMPARED = 20;

/** Reads what is compared of sources, each once, however many others they are compared with. */
export class SourceContents {
  private readonly firsts = new Map<PairSource, readonly string[]>();
  private readonly lasts = new Map<PairSource, readonly string[]>();
  private readonly sizes = new Map<PairSource, number>();

  /** The first 20 pairs. Throws an `InputError`, here and below, if the source cannot be read. */
  first(source: PairSource): Promise<readonly string[]> {
    return once(this.firsts, source, async () =>
      (await firstPairs(source, COMPARED)).map(({ ko, en }) => comparable(ko, en)),
    );
  }

  /** The last 20 pairs of a source of shape `csv` or `json`. */
  last(source: PairSource): Promise<readonly string[]> {
    return once(this.lasts, source, async () =>
      (await lastPairs(source, COMPARED)).map(([ko, en]) => comparable(ko, en)),
    );
  }

  /** The size when unpacked, in bytes. It is counted, as the size that gzip states is only an estimate. */
  size(source: PairSource): Promise<number> {
    return once(this.sizes, source, () => sizeOf(source));
  }
}

/** Whether a source is compressed by gzip, so that its size is an estimate. */
export function isPacked({ files }: PairSource): boolean {
  return files.some(({ isGzip }) => isGzip === true);
}

async function once<T>(known: Map<PairSource, T>, source: PairSource, find: () => Promise<T>): Promise<T> {
  const found = known.get(source) ?? (await find());
  known.set(source, found);
  return found;
}

async function sizeOf(source: PairSource): Promise<number> {
  if (!isPacked(source)) return source.bytes;
  let size = 0;
  for (const file of source.files) for await (const piece of readPieces(file)) size += piece.length;
  return size;
}

function comparable(ko: string, en: string): string {
  return JSON.stringify([ko, en].map((text) => text.normalize('NFC').trim()));
}
