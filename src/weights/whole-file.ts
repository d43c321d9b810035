/** @file Files that get their names once they are complete. */
import { dirname } from 'node:path';
import { createPendingFile, isPendingName } from '../base/files.js';
import { fileError } from '../base/system-errors.js';
import { makeFolders } from '../base/folders.js';
import { removeStaleFiles } from '../base/stale-files.js';
import type { PartialSource } from './free-parts.js';
import { openPartialFile } from './partial-file.js';

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

/** A file whose download can be continued. */
export interface Resumable extends PartialSource {
  /** The bytes from a position to the end. */
  readonly bytesFrom: (position: number) => AsyncIterable<Uint8Array>;
  /** Called when the file is complete, before it gets its name. */
  readonly beforeCommit?: (sha256: string) => Promise<void>;
  /** The error for a complete download that is not the file. */
  readonly mismatch: (bytes: number, sha256: string) => Error;
}

/**
 * Writes a file like `writeFileWhole`; a download that breaks off is continued by the next call, in this process or
 * another.
 *
 * @returns the SHA-256 of the file, in hexadecimal
 */
export async function writeFileResumably(path: string, source: Resumable): Promise<string> {
  await makeFolder(dirname(path));
  removeStaleFiles(dirname(path), isPendingName);
  const file = await openPartialFile(path, source);
  const isContinued = file.position() > 0;
  let sha256: string;
  try {
    for await (const piece of source.bytesFrom(file.position())) await file.write(piece);
    sha256 = file.digest();
    if (file.position() === source.size && (source.sha256 ?? sha256) === sha256) {
      await source.beforeCommit?.(sha256);
      await file.commit();
      return sha256;
    }
  } catch (error) {
    await file.keep();
    throw error;
  }
  await file.discard();
  if (isContinued) return writeFileResumably(path, source); // from the beginning: what was there may be damaged
  throw source.mismatch(file.position(), sha256);
}
