import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder, temporaryPath } from '../files.js';
import { fileError } from './wording.js';

/** A file being written, which appears under its name only when it is whole. */
export interface PendingFile {
  /** Writes bytes at a position; in any order. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Sets the file's size. */
  resize(size: number): Promise<void>;
  /** Brings the file to the disk and gives it its name, replacing what was there. */
  commit(): Promise<void>;
  /** Removes what was written and not committed. */
  discard(): Promise<void>;
}

/** Linux writes at most 2 GiB at once. */
const LARGEST_WRITE = 2 ** 30;

/**
 * Starts a temporary file beside `path`, to be renamed to it.
 *
 * @throws InputError, here and in every call, when the system refuses (no folder, no permission, no space)
 */
export async function createPendingFile(path: string): Promise<PendingFile> {
  const temporary = temporaryPath(path);
  const named = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw fileError(path, 'cannot be written', error);
    }
  };
  const handle = await named(() => open(temporary, 'w'));
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  const discard = async (): Promise<void> => {
    await close();
    await rm(temporary, { force: true });
  };
  return {
    write: (bytes, position) =>
      named(async () => {
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, LARGEST_WRITE), position + done);
          done += bytesWritten;
        }
      }),
    resize: (size) => named(() => handle.truncate(size)),
    commit: () =>
      named(async () => {
        await handle.sync();
        await close();
        await rename(temporary, path);
        await syncFolder(dirname(path));
      }),
    discard: () => named(discard),
  };
}
