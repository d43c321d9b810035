/** @file Files that get their names once they are complete. */
import { dirname } from 'node:path';
import { InputError, SYSTEM } from '../base/errors.js';
import { createPendingFile, isPendingName, type PendingFile } from '../base/files.js';
import { fileError } from '../base/system-errors.js';
import { makeFolders } from '../base/folders.js';
import { removeStaleFiles } from '../base/stale-files.js';
import type { PartialSource } from './free-parts.js';
import { variableOf } from './hub-environment.js';
import { openPartialFile, type PartialFile } from './partial-file.js';

/** Creates a folder of a cache and its parents, if missing. */
export async function makeFolder(folder: string): Promise<void> {
  await makeFolders(folder).catch((error: unknown) => {
    throw cacheError(folder, fileError(folder, 'cannot be written', error));
  });
}

/** Adds to a system's error about a cached file how to have another folder. Returns any other error as it is. */
export function cacheError(path: string, error: unknown): unknown {
  if (!(error instanceof InputError) || error.code !== SYSTEM || advised.has(error)) return error;
  advised.add(error);
  return error.add(`name another folder in ${variableOf(path)}`);
}

const advised = new WeakSet<InputError>();

/** Writes a file of a cache from chunks; it gets its name when all have arrived. */
export async function writeFileWhole(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  await makeFolder(dirname(path));
  removeStaleFiles(dirname(path), isPendingName);
  let file: PendingFile | undefined;
  try {
    file = await createPendingFile(path);
    let position = 0;
    for await (const piece of pieces) {
      await file.write(piece, position);
      position += piece.length;
    }
    await file.commit();
  } catch (error) {
    await file?.discard();
    throw cacheError(path, error);
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
  let file: PartialFile | undefined;
  try {
    file = await openPartialFile(path, source);
    const isContinued = file.position() > 0;
    for await (const piece of source.bytesFrom(file.position())) await file.write(piece);
    const sha256 = file.digest();
    if (file.position() === source.size && (source.sha256 ?? sha256) === sha256) {
      await source.beforeCommit?.(sha256);
      await file.commit();
      return sha256;
    }
    await file.discard();
    if (!isContinued) throw source.mismatch(file.position(), sha256);
  } catch (error) {
    await file?.keep();
    throw cacheError(path, error);
  }
  return writeFileResumably(path, source); // from the beginning: what was there may be damaged
}
