/** @file Files that get their names once they are complete. */
import { dirname } from 'node:path';
import { createPendingFile, isPendingName } from '../base/files.js';
import { fileError } from '../base/system-errors.js';
import { makeFolders } from '../base/folders.js';
import { removeStaleFiles } from '../base/stale-files.js';

/** Creates a folder and its parents, if missing. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
  } catch (error) {
    throw fileError(folder, 'cannot be written', error);
  }
}

/** Writes a file from chunks; it gets its name when all have arrived. */
export async function writeFileWhole(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  await makeFolder(dirname(path));
  removeStaleFiles(dirname(path), isPendingName);
  const file = await createPendingFile(path);
  try {
    let position = 0;
    for await (const piece of pieces) {
      await file.write(piece, position);
      position += piece.length;
    }
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
}
