import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../base/errors.js';
import { LFS_KIND, LFS_POINTER, LFS_REMEDY } from '../base/lfs-pointer.js';
import { openRegularFile } from '../base/regular-file.js';
import { damagedFile, GET_AGAIN } from './wording.js';

/** Random access to bytes: of a local file, or of one on the hub. */
export interface ByteSource {
  /** Path or address, for messages. */
  readonly location: string;
  readonly size: number;
  /** Exactly `length` bytes from `position`, in a new buffer. Throws InputError if there are fewer. */
  read(position: number, length: number): Promise<ArrayBuffer>;
}

/** A file open for reading. */
export interface RandomAccessFile extends ByteSource {
  close(): Promise<void>;
}

/** Linux reads at most 2 GiB at once. */
const LARGEST_READ = 2 ** 30;

/**
 * Opens a file for random access.
 *
 * @throws InputError if it cannot be read or is not a regular file
 */
export async function openRandomAccess(path: string): Promise<RandomAccessFile> {
  const { handle, size } = await openRegularFile(path);
  return randomAccess(path, handle, size);
}

function randomAccess(location: string, handle: FileHandle, size: number): RandomAccessFile {
  return {
    location,
    size,
    async read(position, length) {
      if (position + length > size) {
        throw damagedFile(location, `expected ${position + length} bytes or more, found ${size}: it is cut short`);
      }
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, LARGEST_READ), position + done);
        if (bytesRead === 0)
          throw new InputError(
            `${location}: expected ${size} bytes, as when it was opened, found ${position + done}; ` +
              'let no program change it, and run the command again',
          );
        done += bytesRead;
      }
      return bytes.buffer;
    },
    close: () => handle.close(),
  };
}

/** What to do about a file that is not a weight file; in particular if its first bytes show what it is. */
export async function remedyFor(file: ByteSource): Promise<string> {
  const start = Buffer.from(await file.read(0, Math.min(file.size, LFS_POINTER.length))).toString('latin1');
  if (start === LFS_POINTER) return `this is ${LFS_KIND}, ${LFS_REMEDY}`;
  return /^\s*</.test(start) ? `this looks like a web page, ${GET_AGAIN}` : GET_AGAIN;
}
