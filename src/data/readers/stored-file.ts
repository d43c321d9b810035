/** @file Reads a file on disk or in an archive in the same way. */
import { readFileSync } from 'node:fs';
import { unreadable, UnreadableFileError } from '../unreadable-file.js';
import { memberPieces, readMember, type ArchiveMember } from './archive.js';
import { gunzipped, gunzippedWhole, LARGEST_GROWTH } from './gzip.js';
import { filePieces, openBuffer, openFile, type RandomAccess } from './random-access.js';

/** A readable file. Plain data, so that any thread can read it. */
export interface StoredFile {
  /** The path for messages: printable, with `/` and in NFC; for a member `archive.zip/path inside`. */
  readonly name: string;
  /** The path on disk, of the file itself or of its archive, as the system spells it. */
  readonly path: string;
  /** Bytes when unpacked; an estimate if compressed by gzip. */
  readonly bytes: number;
  readonly member?: ArchiveMember;
  /** Whether it is compressed by gzip, inside the archive if it is in one. */
  readonly isGzip?: true;
}

/** The most bytes that a file can have when unpacked. Throws an `InputError` if the system refuses. */
export function maxBytesOf({ name, path, bytes, member, isGzip }: StoredFile): number {
  if (isGzip !== true) return bytes;
  if (member !== undefined) return LARGEST_GROWTH * member.size;
  const packed = openFile(path, name);
  packed.close();
  return LARGEST_GROWTH * packed.size;
}

/** Reads a file in chunks. Throws an `InputError` if it cannot be read. */
export async function* readPieces(file: StoredFile): AsyncGenerator<Buffer> {
  yield* file.isGzip === true ? gunzipped(storedPieces(file), file.name) : storedPieces(file);
}

async function* storedPieces({ name, path, bytes, isGzip, member }: StoredFile): AsyncGenerator<Buffer> {
  if (member === undefined) {
    let size = 0;
    for await (const piece of filePieces(path, name)) {
      size += piece.length;
      yield piece;
    }
    if (isGzip !== true) requireUnchanged(name, bytes, size);
    return;
  }
  const archive = openFile(path, name);
  try {
    yield* memberPieces(archive, member, name);
  } finally {
    archive.close();
  }
}

/** Reads small files one after another. An archive stays open for consecutive files in it. */
export function* readSmallFiles(
  files: Iterable<StoredFile>,
): Generator<{ readonly file: StoredFile; readonly bytes: Buffer }> {
  let open: { path: string; archive: RandomAccess } | undefined;
  try {
    for (const file of files) {
      if (file.member === undefined) {
        yield { file, bytes: readSmallFile(file) };
        continue;
      }
      if (open?.path !== file.path) {
        open?.archive.close();
        open = { path: file.path, archive: openFile(file.path, file.path.normalize('NFC')) };
      }
      yield { file, bytes: readMember(open.archive, file.member, file.name) };
    }
  } finally {
    open?.archive.close();
  }
}

/** The most bytes to unpack into memory: ten times a workbook of 250,000 rows. */
const LARGEST_IN_MEMORY = 1 << 28;

/**
 * Opens a file for random access. One in an archive or compressed by gzip is unpacked into memory. Throws an
 * `InputError` if it is too large.
 */
export function openStoredFile(file: StoredFile): RandomAccess {
  if (file.isGzip === true) {
    const { name, path, member } = file;
    const packed =
      member === undefined ? openFile(path, name) : openStoredFile({ name, path, bytes: member.size, member });
    try {
      if (packed.size > LARGEST_IN_MEMORY) throw tooLarge(name, packed.size);
      return openBuffer(gunzippedWhole(packed.read(0, packed.size), name, LARGEST_IN_MEMORY), name);
    } finally {
      packed.close();
    }
  }
  if (file.member === undefined) {
    const access = openFile(file.path, file.name);
    if (access.size === file.bytes) return access;
    access.close();
    throw changed(file.name, file.bytes, access.size);
  }
  if (file.bytes > LARGEST_IN_MEMORY) throw tooLarge(file.name, file.bytes);
  for (const { bytes } of readSmallFiles([file])) return openBuffer(bytes, file.name);
  throw new Error('a file gave no bytes');
}

function tooLarge(name: string, bytes: number): UnreadableFileError {
  return new UnreadableFileError(
    name,
    `expected at most ${LARGEST_IN_MEMORY} bytes in an archive, got ${bytes}; unpack it`,
  );
}

function readSmallFile({ path, name, bytes: size }: StoredFile): Buffer {
  try {
    const bytes = readFileSync(path);
    requireUnchanged(name, size, bytes.length);
    return bytes;
  } catch (error) {
    throw unreadable(name, error);
  }
}

/**
 * Throws an `UnreadableFileError` for a file of another size than it had when it was found: half of it may be missing.
 */
function requireUnchanged(name: string, expected: number, size: number): void {
  if (size !== expected) throw changed(name, expected, size);
}

function changed(name: string, expected: number, size: number): UnreadableFileError {
  const found = `expected the ${expected} bytes that it had when it was found, got ${size}`;
  return new UnreadableFileError(name, `${found}; run this again when nothing is writing to it`);
}
