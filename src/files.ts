/** @file Files that are whole or not there: written beside their place, flushed to disk, then renamed. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Where a file is written before it takes its place: in the same folder, so that the rename is atomic. */
export function temporaryPath(path: string): string {
  return `${path}.${process.pid}.tmp`;
}

/** Writes a whole file: either the old contents or all of the new ones are found under `path`, never a part. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes the names in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
