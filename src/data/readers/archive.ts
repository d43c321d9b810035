/** @file Zip archives (PKWARE, APPNOTE.TXT 6.3.10), and what lies in them, without unpacking them. */
import { posix } from 'node:path';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { messageOf } from '../../base/errors.js';
import { DamagedArchive } from '../unreadable-file.js';
import { readDirectory } from './archive-directory.js';
import { excessOf } from './growth.js';
import { PIECE, type RandomAccess } from './random-access.js';

/** Where a file lies in an archive, and how. */
export interface ArchiveMember {
  /** Bytes when unpacked. */
  readonly size: number;
  readonly compressedSize: number;
  /** Of its own header, from the start of the archive. */
  readonly offset: number;
  readonly method: number;
  readonly crc32: number;
}

/** A file in an archive's directory. */
export interface ArchiveEntry {
  /** Path inside as it is shown: printable, in NFC, with `/`. */
  readonly path: string;
  readonly isEncrypted: boolean;
  /** What holds no bytes of its own, but the path of another file. */
  readonly isLink: boolean;
  readonly member: ArchiveMember;
}

const STORED = 0;
const DEFLATED = 8;
const LOCAL_HEADER = { signature: 0x04034b50, size: 30, nameLength: 26, extraLength: 28 };
const EMPTY_ARCHIVE = 0x06054b50;
/** Data that cannot be compressed grows by a few bytes a block; more than this is no honest size. */
const LARGEST_GROWTH = 2;

/** Whether bytes begin as an archive with files in it does, or one without. */
export function isZip(bytes: Buffer): boolean {
  return (
    bytes.length >= 4 && (bytes.readUInt32LE(0) === LOCAL_HEADER.signature || bytes.readUInt32LE(0) === EMPTY_ARCHIVE)
  );
}

/**
 * The files in an archive, in its order; of several with the same path the later ones have numbers. Reads its directory
 * only. Throws a `DamagedArchive`.
 */
export function listArchive(archive: RandomAccess): ArchiveEntry[] {
  try {
    const entries = readDirectory(archive).map(({ path, isEncrypted, isLink, ...member }) => ({
      path,
      isEncrypted,
      isLink,
      member,
    }));
    return withOwnNames(entries.filter(({ path }) => !path.endsWith('/')));
  } catch (error) {
    const found = messageOf(error).replace(/\.$/, '');
    const expected = `expected a whole zip archive, got ${archive.size} bytes that are not (${found})`;
    if (error instanceof DamagedArchive || !(error instanceof Error)) throw error;
    throw new DamagedArchive(archive.name, `${expected}; download it again`);
  }
}

/** Gives every file a path of its own, so that none passes for another. */
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

/**
 * The unpacked bytes of a member, piece by piece. Throws a `DamagedArchive`, called by `name`, where they are damaged.
 */
export async function* memberPieces(
  archive: RandomAccess,
  member: ArchiveMember,
  name: string,
): AsyncGenerator<Buffer> {
  const start = dataStart(archive, member, name);
  const packed = archive.stream(start, start + member.compressedSize);
  let [size, sum] = [0, 0];
  try {
    // An error of the source reaches the loop below through the stream that unpacks, which `pipeline` destroys with it.
    const pieces =
      member.method === STORED ? packed : pipeline(packed, createInflateRaw({ chunkSize: PIECE }), () => undefined);
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > member.size) break; // what follows may be without end
      sum = crc32(piece, sum);
      yield piece;
    }
  } catch (error) {
    throw unpackError(error, name, size);
  }
  requireWhole(member, size, sum, name);
}

/** The unpacked bytes of a small member. Throws a `DamagedArchive`, called by `name`, where they are damaged. */
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
    throw new DamagedArchive(name, reason);
  }
  return (
    offset +
    LOCAL_HEADER.size +
    header.readUInt16LE(LOCAL_HEADER.nameLength) +
    header.readUInt16LE(LOCAL_HEADER.extraLength)
  );
}

function unpackError(error: unknown, name: string, size: number): unknown {
  const isZlib = error instanceof Error && 'code' in error && /^(Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code));
  if (!isZlib) return error;
  const found = `something else after ${size} bytes (${messageOf(error)})`;
  return new DamagedArchive(name, `expected compressed data, got ${found}; download the archive again`);
}

function requireWhole(member: ArchiveMember, size: number, sum: number, name: string): void {
  if (size !== member.size) throw wrongSize(member, size, name);
  if (sum === member.crc32) return;
  const found = `expected the ${size} bytes that its archive names, got others (their checksum differs)`;
  throw new DamagedArchive(name, `${found}; download the archive again`);
}

function wrongSize(member: ArchiveMember, size: number, name: string): DamagedArchive {
  const found = `expected the ${member.size} bytes that its archive names, got ${size > member.size ? 'more' : size}`;
  return new DamagedArchive(name, `${found}; download the archive again`);
}
