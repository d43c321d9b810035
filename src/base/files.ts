/**
 * @file Files that are complete or absent: written to a temporary file in the same folder, flushed to disk, then
 * renamed.
 */
import { open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError, SYSTEM } from './errors.js';
import { forget, removeOnExit } from './exit-removal.js';
import { makerTag } from './stale-files.js';
import { fileError, isMissing } from './system-errors.js';

/** A file being written. It gets its name only when it is complete. */
export interface PendingFile {
  /** Writes bytes at a position, in any order. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Sets the file's size. */
  resize(size: number): Promise<void>;
  /** Flushes the file to disk and renames it, replacing what was there. */
  commit(): Promise<void>;
  /** Deletes the temporary file, if it was not committed. */
  discard(): Promise<void>;
}

/** A new name for a temporary file. */
export function pendingName(): string {
  return `.kd-${makerTag()}.tmp`;
}

/** Whether a name is that of a temporary file. */
export function isPendingName(name: string): boolean {
  return name.startsWith('.kd-') && name.endsWith('.tmp');
}

/** Throws an error of opening a new file again; if the file's folder is missing, in words that say so. */
function refuseWithoutFolder(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'ENOENT') throw error;
    throw new InputError(`${path}: cannot be written: there is no folder ${dirname(path)}; make it first`, {
      cause: error,
      code: SYSTEM,
    });
  };
}

/** Linux writes at most 2 GiB at once. */
const LARGEST_WRITE = 2 ** 30;

/**
 * Creates a temporary file in the folder of `path`, so that the rename is atomic. It is created exclusively under a
 * unique name, so that nothing is ever written through an existing link.
 *
 * @throws InputError, here and in every call, when the system refuses (no folder, no permission, no space)
 */
export async function createPendingFile(path: string): Promise<PendingFile> {
  await refuseOthers(path);
  const temporary = join(dirname(path), pendingName());
  const named = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw fileError(path, 'cannot be written', error);
    }
  };
  const handle = await named(() => open(temporary, 'wx').catch(refuseWithoutFolder(path)));
  removeOnExit(temporary);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  const discard = async (): Promise<void> => {
    await close();
    await rm(temporary, { force: true });
    forget(temporary);
  };
  return {
    write: (bytes, position) => named(() => writeAt(handle, bytes, position)),
    resize: (size) => named(() => handle.truncate(size)),
    commit: () =>
      named(async () => {
        await handle.sync();
        await close();
        await rename(temporary, path);
        forget(temporary);
        await syncFolder(dirname(path));
      }),
    discard: () => named(discard),
  };
}

/** Writes all bytes at a position of a file, however many the system takes at once. */
export async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const length = Math.min(bytes.length - done, LARGEST_WRITE);
    done += (await handle.write(bytes, done, length, position + done)).bytesWritten;
  }
}

/**
 * Refuses a device or a pipe, such as `/dev/stdout` or `/dev/null`, which renaming would replace; and a folder, which
 * renaming would refuse only after all the work.
 */
async function refuseOthers(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined || stats.isFile()) return;
  if (stats.isDirectory()) throw new InputError(`${path}: cannot be written: is a folder`, { code: SYSTEM });
  throw new InputError(`${path}: expected a file, or a name that is free, got a device or a pipe; name a file`);
}

/**
 * Writes a whole file: `path` has either the old contents or all of the new ones, never a part.
 *
 * @throws InputError when the system refuses
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const file = await createPendingFile(path);
  try {
    await file.write(typeof data === 'string' ? Buffer.from(data) : data, 0);
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/**
 * The text of a file, or undefined if it does not exist.
 *
 * @throws InputError when the system refuses
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw fileError(path, 'cannot be read', error);
  });
}

/** Flushes a folder to disk, so that the names in it survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
