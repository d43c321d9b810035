/** @file A place for the last checkpoint of a run that cannot be saved in the run's own folder. */
import { mkdtemp, statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeDiskBytes } from '../base/disk-space.js';
import { InputError } from '../base/errors.js';
import { forget, removeIfPossible, removeOnExit } from '../base/exit-removal.js';
import { isSystemError } from '../base/system-errors.js';

/** The type of a file system in memory, as `statfs` gives it (linux/magic.h). */
const TMPFS = 0x01021994;

/**
 * Writes something into a new folder in the system's temporary folder, which only this user can read. A folder of which
 * the writing fails or is interrupted is removed; a complete one stays for good.
 *
 * @param bytes how much room is needed: on a disk, or in memory if the folder is there
 * @param write returns the name of what it has written
 * @returns its path; undefined without enough room, or if the system refuses
 */
export async function inCopyFolder(
  bytes: number,
  write: (folder: string) => Promise<string>,
): Promise<string | undefined> {
  let folder: string | undefined;
  try {
    if ((await roomIn(tmpdir())) < bytes) return undefined;
    folder = await mkdtemp(join(tmpdir(), 'kd-saved-'));
    removeOnExit(folder);
    const path = join(folder, await write(folder));
    forget(folder);
    return path;
  } catch (error) {
    if (folder !== undefined) removeCopyFolder(folder);
    if (error instanceof InputError || isSystemError(error)) return undefined;
    throw error;
  }
}

/** Removes a folder that `inCopyFolder` has made. */
export function removeCopyFolder(folder: string): void {
  removeIfPossible(folder);
  forget(folder);
}

async function roomIn(folder: string): Promise<number> {
  const { type } = await statfs(folder);
  return Math.min(await freeDiskBytes(folder), type === TMPFS ? freemem() / 2 : Infinity);
}
