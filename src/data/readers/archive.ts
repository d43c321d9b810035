/** @file Zip archives (PKWARE, APPNOTE.TXT 6.3.10) and their files, read without unpacking them to disk. */
import { posix } from 'node:path';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { messageOf } from '../../base/errors.js';
import { DamagedArchiveError } from '../unreadable-file.js';
import { readDirectory, type DirectoryEntry } from './archive-directory.js';
import { excessOf } from './growth.js';
import { isZlibError } from './gzip.js';
import { PIECE, type RandomAccess } from './random-access.js';

/** Where a file is in an archive, and how it is compressed. */
export interface ArchiveMember {
  /** Bytes when unpacked. */
  readonly size: number;
  readonly compressedSize: number;
  /** The offset of its own header, from the start of the archive. */
  readonly offset: number;
  readonly method: number;
  readonly crc32: number;
}

/** A file in an archive's directory. */
export interface ArchiveEntry {
  /** The path inside, for messages: printable, in NFC, with `/`. */
  readonly path: string;
  readonly isEncrypted: boolean;
  /** Whether it is a link, whose content is the path of another file. */
  readonly isLink: boolean;
  /** How many earlier files with the very same path it replaces, as it does when the archive is unpacked. */
  readonly replaced: number;
  readonly member: ArchiveMember;
}

const STORED = 0;
const DEFLATED = 8;
const LOCAL_HEADER = { signature: 0x04034b50, size: 30, nameLength: 26, extraLength: 28 };
const EMPTY_ARCHIVE = 0x06054b50;
/** Incompressible data grows by only a few bytes per block, so a larger factor means that the size is wrong. */
const LARGEST_GROWTH = 2;

/** Whether bytes begin like an archive, with or without files. */
export function isZip(bytes: Buffer): boolean {
  return (
    bytes.length >= 4 && (bytes.readUInt32LE(0) === LOCAL_HEADER.signature || bytes.readUInt32LE(0) === EMPTY_ARCHIVE)
  );
}

/**
 * Lists the files in an archive, in order, reading only its directory. Of files with the same path, the last counts;
 * those whose paths only look the same are numbered. Throws a `DamagedArchiveError`.
 */
export function listArchive(archive: RandomAccess): ArchiveEntry[] {
  try {
    const files = readDirectory(archive).filter(({ path }) => !path.endsWith('/'));
    return withOwnNames(lastOfEachPath(files));
  } catch (error) {
    const found = messageOf(error).replace(/\.$/, '');
    const expected = `expected a whole zip archive, got ${archive.size} bytes that are not (${found})`;
    if (error instanceof DamagedArchiveError || !(error instanceof Error)) throw error;
    throw new DamagedArchiveError(archive.name, `${expected}; download it again`);
  }
}

/** The last file of each path, as tools that add a file to an archive again leave the earlier one in it. */
function lastOfEachPath(files: readonly DirectoryEntry[]): ArchiveEntry[] {
  const counts = new Map<string, number>();
  for (const { rawPath } of files) counts.set(rawPath, (counts.get(rawPath) ?? 0) + 1);
  const last = new Map(files.map(({ rawPath }, i) => [rawPath, i]));
  return files.flatMap(({ path, rawPath, isEncrypted, isLink, ...member }, i) =>
    last.get(rawPath) === i ? [{ path, isEncrypted, isLink, replaced: counts.get(rawPath)! - 1, member }] : [],
  );
}

/** Gives every file a unique path, so that none is mistaken for another. */
function withOwnNames(entries: readonly ArchiveEntry[]): ArchiveEntry[] {
  const counts = new Map<string, number>();
  return entries.map((entry) => {
    const count = (counts.get(entry.path) ?? 0) + 1;
    counts.set(entry.path, count);
    if (count === 1) return entry;
    const { dir, name, ext } = posix.parse(entry.path);
    return { ...entry, path: posix.join(dir, `${name} (${count})${ext}`) };
  });
}

/** Why a member cannot be unpacked, if it cannot. */
export function whyUnreadable({ isEncrypted, isLink, member }: ArchiveEntry): string | undefined {
  if (isLink) return 'a link, not a file';
  if (isEncrypted) return 'encrypted in its archive; unpack the archive with its password';
  const { method, compressedSize, size } = member;
  if (method !== STORED && method !== DEFLATED)
    return `compressed by method ${method}, which is not supported; unpack the archive`;
  return excessOf(compressedSize, size);
}

/** Unpacks a member, in chunks. Throws a `DamagedArchiveError` that calls it `name` if it is damaged. */
export async function* memberPieces(
  archive: RandomAccess,
  member: ArchiveMember,
  name: string,
): AsyncGenerator<Buffer> {
  const start = dataStart(archive, member, name);
  const packed = archive.stream(start, start + member.compressedSize);
  let [size, sum] = [0, 0];
  try {
    // If the source fails, `pipeline` destroys the unpacking stream with its error, which the loop below then throws.
    const pieces =
      member.method === STORED ? packed : pipeline(packed, createInflateRaw({ chunkSize: PIECE }), () => undefined);
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > member.size) break; // the rest may have no end
      sum = crc32(piece, sum);
      yield piece;
    }
  } catch (error) {
    throw unpackError(error, name, size);
  }
  requireWhole(member, size, sum, name);
}

/** Unpacks a small member. Throws a `DamagedArchiveError` that calls it `name` if it is damaged. */
export function readMember(archive: RandomAccess, member: ArchiveMember, name: string): Buffer {
  if (member.compressedSize > LARGEST_GROWTH * member.size + PIECE)
    throw wrongSize(member, member.compressedSize, name);
  const packed = archive.read(dataStart(archive, member, name), member.compressedSize);
  let bytes = packed;
  try {
    if (member.method === DEFLATED) bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, member.size) });
  } catch (error) {
    throw unpackError(error, name, 0);
  }
  requireWhole(member, bytes.length, bytes.length === 0 ? 0 : crc32(bytes), name);
  return bytes;
}

function dataStart(archive: RandomAccess, { offset }: ArchiveMember, name: string): number {
  const header = archive.read(Math.max(0, offset), offset < 0 ? 0 : LOCAL_HEADER.size);
  if (header.length < LOCAL_HEADER.size || header.readUInt32LE(0) !== LOCAL_HEADER.signature) {
    const reason = `expected a file at byte ${offset} of its archive, got something else; download the archive again`;
    throw new DamagedArchiveError(name, reason);
  }
  return (
    offset +
    LOCAL_HEADER.size +
    header.readUInt16LE(LOCAL_HEADER.nameLength) +
    header.readUInt16LE(LOCAL_HEADER.extraLength)
  );
}

function unpackError(error: unknown, name: string, size: number): unknown {
  if (!isZlibError(error)) return error;
  const found = `something else after ${size} bytes (${messageOf(error)})`;
  return new DamagedArchiveError(name, `expected compressed data, got ${found}; download the archive again`);
}

function requireWhole(member: ArchiveMember, size: number, sum: number, name: string): void {
  if (size !== member.size) throw wrongSize(member, size, name);
  if (sum === member.crc32) return;
  const found = `expected the ${size} bytes that its archive names, got others (their checksum differs)`;
  throw new DamagedArchiveError(name, `${found}; download the archive again`);
}

function wrongSize(member: ArchiveMember, size: number, name: string): DamagedArchiveError {
  const found = `expected the ${member.size} bytes that its archive names, got ${size > member.size ? 'more' : size}`;
  return new DamagedArchiveError(name, `${found}; download the archive again`);
}
