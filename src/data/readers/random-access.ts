/** @file Random access to the bytes of a file on disk, or in memory. */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { unreadable } from '../unreadable-file.js';

/** A file that is read at any position. */
export interface RandomAccess {
  /** What messages call it. */
  readonly name: string;
  /** The number of bytes. */
  readonly size: number;
  /** Reads `length` bytes at `position`, fewer at the end. */
  readonly read: (position: number, length: number) => Buffer;
  /** Reads the bytes from `start` up to `end`, in chunks. */
  readonly stream: (start: number, end: number) => AsyncIterable<Buffer>;
  readonly close: () => void;
}

/** The size of the chunks in which files are read. */
export const PIECE = 1 << 18;

/** Opens a file on disk, called `name` in messages. Throws an `InputError`, here and later, if the system refuses. */
export function openFile(path: string, name: string): RandomAccess {
  const named = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw unreadable(name, error);
    }
  };
  const file = named(() => openSync(path, 'r'));
  const size = named(() => fstatSync(file).size);
  return {
    name,
    size,
    read: (position, length) =>
      named(() => {
        const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - position)));
        let done = 0;
        for (let count = 1; count > 0 && done < bytes.length; done += count) {
          count = readSync(file, bytes, done, bytes.length - done, position + done);
        }
        return bytes.subarray(0, done);
      }),
    stream: (start, end) => filePieces(path, name, start, end),
    close: () => {
      closeSync(file);
    },
  };
}

/** Provides random access to bytes in memory. */
export function openBuffer(bytes: Buffer, name: string): RandomAccess {
  return {
    name,
    size: bytes.length,
    read: (position, length) => bytes.subarray(position, position + length),
    stream: (start, end) => Readable.from(bufferPieces(bytes.subarray(start, end))),
    close: () => undefined,
  };
}

/** Splits bytes into pieces of `PIECE` bytes. */
export function* bufferPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/** Reads a file in chunks. Throws an `InputError` if the system refuses. */
export async function* filePieces(path: string, name: string, start = 0, end = Infinity): AsyncGenerator<Buffer> {
  if (end <= start) return;
  try {
    yield* createReadStream(path, { highWaterMark: PIECE, start, end: end - 1 }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw unreadable(name, error);
  }
}
