/** @file Files compressed by gzip (RFC 1952), with one member or several. */
import { Readable, pipeline } from 'node:stream';
import { createGunzip, gunzipSync, constants } from 'node:zlib';
import { messageOf } from '../../base/errors.js';
import { UnreadableFileError } from '../unreadable-file.js';
import { excessOf } from './growth.js';
import { PIECE } from './random-access.js';

/** Whether bytes begin like gzip. */
export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/** Unpacks a file, in chunks. Throws an `UnreadableFileError` if it is truncated or damaged. */
export async function* gunzipped(packed: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let [size, packedSize] = [0, 0];
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of packed) {
      packedSize += piece.length;
      yield piece;
    }
  };
  try {
    const pieces = pipeline(Readable.from(counted()), createGunzip({ chunkSize: PIECE }), () => undefined);
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      size += piece.length;
      const excess = excessOf(packedSize, size);
      if (excess !== undefined) throw new UnreadableFileError(name, excess);
      yield piece;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    const found = `something else after ${size} bytes (${messageOf(error)})`;
    throw new UnreadableFileError(
      name,
      `expected data compressed by gzip up to its end, got ${found}; download it again`,
    );
  }
}

/** Unpacks a file into memory. Throws an `UnreadableFileError` for more than `most` bytes. */
export function gunzippedWhole(packed: Buffer, name: string, most: number): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: most });
  } catch (error) {
    if (!isZlibError(error)) throw error;
    const isLarge = error.code === 'ERR_BUFFER_TOO_LARGE';
    const found = isLarge ? 'more' : `something else (${messageOf(error)})`;
    const expected = `at most ${most} bytes compressed by gzip`;
    throw new UnreadableFileError(
      name,
      `expected ${expected}, got ${found}; ${isLarge ? 'unpack it' : 'download it again'}`,
    );
  }
}

/**
 * Estimates the expansion of a file from its first bytes. (The size stored in its last bytes is modulo 2³², and that of
 * the last member only.)
 */
export function growthOf(packed: Buffer): number {
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LARGEST_GROWTH * packed.length };
    return Math.max(1, gunzipSync(packed, options).length / packed.length);
  } catch (error) {
    if (!isZlibError(error)) throw error;
    return error.code === 'ERR_BUFFER_TOO_LARGE' ? LARGEST_GROWTH : 1;
  }
}

/** The best compression ratio that deflate can reach. */
export const LARGEST_GROWTH = 1032;

/** Whether zlib could not unpack something, or not within a limit. */
export function isZlibError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && /^(Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code));
}
