/**
 * @file Spill files: rows in temporary files, on their way from the readers to the token store. A file is a sequence of
 * runs. A run holds rows grouped by partition (a range of order keys), then their file names as JSON. A row is a header
 * of seven little-endian words (order key, low and high; number of the file's name; row in that file; bytes of the
 * Korean and of the English text; corpus) and the two texts in UTF-8.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** The number of partitions of a shuffled store: by the highest 8 bits of the order key. */
export const PARTITIONS = 256;

/** The size of a row's header, in bytes. */
export const HEADER_BYTES = 28;

/** What decisions need to know about every row: parallel columns, with hashes as pairs of words, the lower first. */
export interface RowFacts {
  readonly pairHash: Uint32Array;
  readonly koHash: Uint32Array;
  readonly enHash: Uint32Array;
  readonly corpus: Uint8Array;
  /** A hash of the stored texts if they differ from the form used for comparison, else 0; absent if all are 0. */
  readonly variant?: Uint32Array;
  /** The place among all rows: the number of the source, and of the row in it. */
  readonly source: Uint32Array;
  readonly index: Uint32Array;
}

/** The position and contents of a run. */
export interface Run {
  readonly file: string;
  readonly facts: RowFacts;
  /** Row `rowStarts[p]` of the run is the first of partition p, and is at byte `byteStarts[p]` of the file. */
  readonly rowStarts: Uint32Array;
  readonly byteStarts: Float64Array;
  /** The names of files follow the rows. */
  readonly nameBytes: number;
}

/** A row read back. */
export interface SpilledRow {
  readonly ko: Buffer;
  readonly en: Buffer;
  readonly corpus: number;
}

/** Order keys and places of the rows of a segment. */
export interface Segment {
  readonly bytes: Buffer;
  /** `[rows + 1]` Where rows begin in `bytes`. */
  readonly starts: Uint32Array;
  /** `[2 · rows]` */
  readonly keys: Uint32Array;
}

/** Reads a range of a run's rows back. */
export function readSegment(file: string, from: number, to: number): Segment {
  const bytes = readBytes(file, from, to);
  const starts: number[] = [0];
  const keys: number[] = [];
  for (let at = 0; at < bytes.length;) {
    keys.push(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
    at += HEADER_BYTES + bytes.readUInt32LE(at + 16) + bytes.readUInt32LE(at + 20);
    starts.push(at);
  }
  return { bytes, starts: Uint32Array.from(starts), keys: Uint32Array.from(keys) };
}

/** The texts of a segment's row. */
export function rowOf({ bytes, starts }: Segment, row: number): SpilledRow {
  const start = starts[row]!;
  const koStart = start + HEADER_BYTES;
  const enStart = koStart + bytes.readUInt32LE(start + 16);
  return {
    ko: bytes.subarray(koStart, enStart),
    en: bytes.subarray(enStart, starts[row + 1]),
    corpus: bytes[start + 24]!,
  };
}

/** Where a row of a run came from: `file:row`. */
export function placeOf(run: Run, row: number): string {
  const { byteStarts, file, nameBytes } = run;
  const partition = run.rowStarts.findLastIndex((start) => start <= row);
  const { bytes, starts } = readSegment(file, byteStarts[partition]!, byteStarts[partition + 1]!);
  const end = byteStarts.at(-1)!;
  const names = JSON.parse(readBytes(file, end, end + nameBytes).toString()) as string[];
  const at = starts[row - run.rowStarts[partition]!]!;
  return `${names[bytes.readUInt32LE(at + 8)]}:${bytes.readUInt32LE(at + 12)}`;
}

function readBytes(file: string, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from);
  const handle = openSync(file, 'r');
  try {
    for (let done = 0; done < bytes.length;) {
      const read = readSync(handle, bytes, done, bytes.length - done, from + done);
      if (read === 0) throw new Error(`${file}: ends at byte ${from + done}, expected ${to}`);
      done += read;
    }
  } finally {
    closeSync(handle);
  }
  return bytes;
}
