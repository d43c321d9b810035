/** @file Hashes of files, read in pieces. */
import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Bytes that are read at once, into one buffer. A stream makes a new buffer for each piece; beside a large model in
 * memory, collecting them takes longer than the hash.
 */
const PIECE = 1 << 20;

/** SHA-256 of a file, in hexadecimal. Throws the system's error if it cannot be read. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await hashFile(path, hash);
  return hash.digest('hex');
}

/** Adds a file's bytes to a hash. Throws the system's error if it cannot be read. */
export async function hashFile(path: string, hash: Hash): Promise<void> {
  const handle = await open(path);
  try {
    await hashOpenFile(handle, hash);
  } finally {
    await handle.close();
  }
}

/**
 * Adds the bytes of an open file to a hash, from its start.
 *
 * @param most no more bytes than these
 * @returns how many bytes were added
 */
export async function hashOpenFile(handle: FileHandle, hash: Hash, most = Infinity): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, most));
  let done = 0;
  while (done < most) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, most - done), done);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return done;
}
