/** @file An incomplete download on disk, which a later attempt continues. */
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { constants, renameSync, rmSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hashOpenFile } from '../base/file-hash.js';
import { syncFolder, writeAt } from '../base/files.js';
import { fileError } from '../base/system-errors.js';
import { freeParts, keptPath, removeForgotten, writingPath, type FreePart, type PartialSource } from './free-parts.js';

/** A file whose bytes are written in order. */
export interface PartialFile {
  /** How many bytes it has. */
  position(): number;
  write(piece: Uint8Array): Promise<void>;
  /** The SHA-256 of its bytes, in hexadecimal. */
  digest(): string;
  /** Flushes the file to disk and gives it its name. */
  commit(): Promise<void>;
  /** Leaves it to a later attempt, unless it has hardly any bytes or could not be written. */
  keep(): Promise<void>;
  discard(): Promise<void>;
}

/** Parts of fewer bytes are not kept. */
const MIN_BYTES = 65_536;

/** A part on disk, open for writing. */
interface Part {
  /** Its temporary path. */
  readonly path: string;
  readonly key: string;
  readonly handle: FileHandle;
  readonly hash: Hash;
  bytes: number;
}

/**
 * Opens the incomplete download of a file: the largest that no process is writing, or else an empty one.
 *
 * @throws InputError, here and in every call, when the system refuses
 */
export async function openPartialFile(path: string, source: PartialSource): Promise<PartialFile> {
  const folder = dirname(path);
  const named = async <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw fileError(path, 'cannot be written', error);
    });
  removeForgotten(folder);
  const part = (await continued(folder, source)) ?? (await named(() => created(folder, source.key)));
  keepOnExit(part);
  let isWritten = true;
  const settle = async (work: () => Promise<void>): Promise<void> => {
    if (!unfinished.delete(part)) return;
    await part.handle.close();
    await work().catch(async (error: unknown) => {
      await rm(part.path, { force: true }).catch(() => undefined);
      throw error;
    });
  };
  const discard = (): Promise<void> => settle(() => rm(part.path, { force: true }));
  return {
    position: () => part.bytes,
    digest: () => part.hash.copy().digest('hex'),
    write: (piece) =>
      named(async () => {
        isWritten = false;
        await writeAt(part.handle, piece, part.bytes);
        isWritten = true;
        part.hash.update(piece);
        part.bytes += piece.length;
      }),
    commit: () =>
      named(async () => {
        isWritten = false;
        await part.handle.sync();
        await settle(() => rename(part.path, path));
        await syncFolder(folder);
        for (const { name } of freeParts(folder, source)) await rm(join(folder, name), { force: true });
      }),
    keep: () => (isWritten && part.bytes >= MIN_BYTES ? settle(() => rename(part.path, keptPathOf(part))) : discard()),
    discard,
  };
}

const keptPathOf = ({ path, key, bytes, hash }: Part): string =>
  keptPath(dirname(path), key, bytes, hash.copy().digest('hex'));

async function created(folder: string, key: string): Promise<Part> {
  const path = writingPath(folder, key);
  return { path, key, handle: await open(path, 'wx'), hash: createHash('sha256'), bytes: 0 };
}

/** The largest free part that is sound, under a new name of this process; the others are removed. */
async function continued(folder: string, source: PartialSource): Promise<Part | undefined> {
  let part: Part | undefined;
  for (const free of freeParts(folder, source)) {
    const path = writingPath(folder, source.key);
    try {
      await rename(join(folder, free.name), path);
    } catch {
      continue; // another process was faster
    }
    part ??= await opened(path, source, free).catch(() => undefined);
    if (part?.path !== path) await rm(path, { force: true }).catch(() => undefined);
  }
  return part;
}

/** Opens a part and reads it; undefined if it does not have the bytes that it should. */
async function opened(path: string, { key }: PartialSource, { bytes, start }: FreePart): Promise<Part | undefined> {
  const handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  const hash = createHash('sha256');
  try {
    const isWhole = (await hashOpenFile(handle, hash, bytes)) === bytes;
    if (isWhole && (start === undefined || hash.copy().digest('hex').startsWith(start))) {
      await handle.truncate(bytes);
      return { path, key, handle, hash, bytes };
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** The parts that this process is writing. */
const unfinished = new Set<Part>();

function keepOnExit(part: Part): void {
  process.off('exit', keepUnfinished);
  process.on('exit', keepUnfinished);
  unfinished.add(part);
}

function keepUnfinished(): void {
  for (const part of unfinished) {
    try {
      if (part.bytes < MIN_BYTES) rmSync(part.path, { force: true });
      else renameSync(part.path, keptPathOf(part));
    } catch {
      // its folder may no longer be writable; the next attempt finds the part as that of a process that has exited
    }
  }
}
