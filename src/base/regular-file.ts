/** @file Regular files, as opposed to folders, devices, sockets and pipes. */
import { constants, type Stats } from 'node:fs';
import { access, open, readlink, stat, type FileHandle } from 'node:fs/promises';
import { InputError, SYSTEM } from './errors.js';
import { formatCount } from './format.js';
import { fileError, isMissing } from './system-errors.js';

/** A file that is open for reading. */
export interface RegularFile {
  readonly handle: FileHandle;
  /** Its size in bytes when it was opened. */
  readonly size: number;
}

/**
 * Opens a file for reading, without ever blocking.
 *
 * @throws InputError if it cannot be read, or is not a regular file
 */
export async function openRegularFile(path: string): Promise<RegularFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would block
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO')
      throw new InputError(`${path}: expected a file, found a socket or a device`);
    const target = isMissing(error) ? await readlink(path).catch(() => undefined) : undefined;
    if (target !== undefined) {
      const found = `found a link to ${target}, where there is none`;
      throw new InputError(`${path}: expected a file, ${found}; put the file there, or in place of the link`, {
        cause: error,
        code: SYSTEM,
      });
    }
    throw fileError(path, 'cannot be read', error);
  }
  try {
    const stats = await handle.stat();
    if (stats.isFile()) return { handle, size: stats.size };
    throw new InputError(`${path}: expected a file, found ${kindOf(stats)}`);
  } catch (error) {
    await handle.close();
    throw fileError(path, 'cannot be read', error);
  }
}

/** What messages call something that is not a regular file. */
export function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isDirectory() ? 'a folder' : 'a socket or a device';
}

/**
 * Checks that a path is free or names a regular file that can be read and written. Changes nothing.
 *
 * @throws InputError if it is not
 */
export async function checkIfFile(path: string): Promise<void> {
  try {
    const stats = await stat(path);
    if (!stats.isFile())
      throw new InputError(`${path}: expected a file, or nothing there, found ${kindOf(stats)}; move it away`);
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (isMissing(error)) return;
    throw fileError(path, 'cannot be read and written', error);
  }
}

/**
 * Reads a whole file.
 *
 * @param most the largest size, in bytes
 * @throws InputError if it cannot be read, is not a regular file, or is larger
 */
export async function readRegularFile(path: string, most: number): Promise<Buffer> {
  const { handle, size } = await openRegularFile(path);
  try {
    if (size > most)
      throw new InputError(`${path}: expected at most ${formatCount(most)} bytes, found ${formatCount(size)}`);
    const bytes = Buffer.alloc(size);
    let done = 0;
    while (done < size) {
      const { bytesRead } = await handle.read(bytes, done, size - done, done);
      if (bytesRead === 0) break; // truncated in the meantime
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } catch (error) {
    throw fileError(path, 'cannot be read', error);
  } finally {
    await handle.close();
  }
}
