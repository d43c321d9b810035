/** @file What is compared of sources to find copies. */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { lastPairs } from './last-pairs.js';
import { firstPairs } from './read-source.js';
import { readPieces, readSmallFiles } from './readers/stored-file.js';
import type { PairSource } from './source.js';

/** How many pairs to compare at the beginning, or at the end, of two files. */
const COMPARED = 20;

/** More files than these are a folder of small ones. */
const MANY_FILES = 99;

/** Reads what is compared of sources, each once, however many others they are compared with. */
export class SourceContents {
  private readonly firsts = new Map<PairSource, readonly string[]>();
  private readonly lasts = new Map<PairSource, readonly string[]>();
  private readonly digests = new Map<PairSource, string>();

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

  /** A hash of all bytes, unpacked. */
  digest(source: PairSource): Promise<string> {
    return once(this.digests, source, () => digestOf(source));
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

async function digestOf({ files, sheet = '' }: PairSource): Promise<string> {
  const hash = createHash('sha256').update(sheet);
  if (files.length > MANY_FILES) {
    let read = 0;
    for (const { bytes } of readSmallFiles(files)) {
      hash.update(bytes);
      if (++read % MANY_FILES === 0) await setImmediate(); // lets signals and timers be handled
    }
  } else for (const file of files) for await (const piece of readPieces(file)) hash.update(piece);
  return hash.digest('hex');
}

function comparable(ko: string, en: string): string {
  return JSON.stringify([ko, en].map((text) => text.normalize('NFC').trim()));
}
