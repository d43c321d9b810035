/** @file Files that appear under their names when all their bytes have come. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createPendingFile, fileError, isPendingName } from '../base/files.js';
import { removeStaleFiles } from '../base/stale-files.js';

/** Makes a folder, with those above it, unless it is there. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError(folder, 'cannot be written', error);
  }
}

/** Writes a file from pieces; it appears under its name when all have come. */
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
