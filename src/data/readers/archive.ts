/** @file Zip archives (PKWARE, APPNOTE.TXT 6.3.10), and what lies in them, without unpacking them. */
import { isUtf8 } from 'node:buffer';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { fromRandomAccessReaderPromise, getFileNameLowLevel, RandomAccessReader, type Entry } from 'yauzl';
import { InputError, messageOf, printable } from '../../errors.js';
import { decodeCp949 } from './encoding.js';
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
  readonly member: ArchiveMember;
}

const STORED = 0;
const DEFLATED = 8;
const LOCAL_HEADER = { signature: 0x04034b50, size: 30, nameLength: 26, extraLength: 28 };
/** Data that cannot be compressed grows by a few bytes a block; more than this is no honest size. */
const LARGEST_GROWTH = 2;

const UTF8_NAME = 0x800;
const UNICODE_PATH_FIELD = 0x7075;

/** The files in an archive, in its order. Reads its directory only. Throws an `InputError` for a damaged archive. */
export async function listArchive(archive: RandomAccess): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  try {
    const options = { autoClose: false, lazyEntries: true, decodeStrings: false };
    const zip = await fromRandomAccessReaderPromise(new BlockReader(archive), archive.size, options);
    for await (const entry of zip.eachEntry()) {
      const path = memberPath(entry);
      if (!path.endsWith('/')) entries.push({ path, isEncrypted: entry.isEncrypted(), member: memberOf(entry) });
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const found = messageOf(error).replace(/\.$/, '');
    throw new InputError(`${archive.name}: expected a whole zip archive, got ${archive.size} bytes that are not (${found}); download it again`);
  }
  return entries;
}

/** Why a member cannot be unpacked, if it cannot. */
export function whyUnreadable({ isEncrypted, member: { method } }: ArchiveEntry): string | undefined {
  if (isEncrypted) return 'encrypted in its archive; unpack the archive with its password';
  if (method !== STORED && method !== DEFLATED) return `compressed by method ${method}, which is not supported; unpack the archive`;
  return undefined;
}

/** The unpacked bytes of a member, piece by piece. Throws an `InputError`, called by `name`, where they are damaged. */
export async function* memberPieces(archive: RandomAccess, member: ArchiveMember, name: string): AsyncGenerator<Buffer> {
  const start = dataStart(archive, member, name);
  const packed = archive.stream(start, start + member.compressedSize);
  let [size, sum] = [0, 0];
  try {
    // An error of the source reaches the loop below through the stream that unpacks, which `pipeline` destroys with it.
    const pieces = member.method === STORED ? packed : pipeline(packed, createInflateRaw({ chunkSize: PIECE }), () => undefined);
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

/** The unpacked bytes of a small member. Throws an `InputError`, called by `name`, where they are damaged. */
export function readMember(archive: RandomAccess, member: ArchiveMember, name: string): Buffer {
  if (member.compressedSize > LARGEST_GROWTH * member.size + PIECE) throw wrongSize(member, member.compressedSize, name);
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

function memberOf(entry: Entry): ArchiveMember {
  return {
    size: entry.uncompressedSize,
    compressedSize: entry.compressedSize,
    offset: entry.relativeOffsetOfLocalHeader,
    method: entry.compressionMethod,
    crc32: entry.crc32,
  };
}

/**
 * Names say that they are UTF-8, or are what the archiver's system wrote: UTF-8 all the same (macOS), code page 949
 * (Korean Windows), or code page 437, as the standard has it.
 */
function memberPath(entry: Entry): string {
  const { generalPurposeBitFlag: flags, fileNameRaw: raw, extraFields } = entry;
  const saysUnicode = (flags & UTF8_NAME) !== 0 || extraFields.some(({ id }) => id === UNICODE_PATH_FIELD);
  const standard = () => getFileNameLowLevel(flags, raw, extraFields, false);
  const name = saysUnicode ? standard() : isUtf8(raw) ? raw.toString('utf8') : (decodeCp949(raw) ?? standard());
  return printable(name.replaceAll('\\', '/').normalize('NFC'));
}

function dataStart(archive: RandomAccess, { offset }: ArchiveMember, name: string): number {
  const header = archive.read(offset, LOCAL_HEADER.size);
  if (header.length < LOCAL_HEADER.size || header.readUInt32LE(0) !== LOCAL_HEADER.signature) {
    throw new InputError(`${name}: expected a file at byte ${offset} of its archive, got something else; download the archive again`);
  }
  return offset + LOCAL_HEADER.size + header.readUInt16LE(LOCAL_HEADER.nameLength) + header.readUInt16LE(LOCAL_HEADER.extraLength);
}

function unpackError(error: unknown, name: string, size: number): unknown {
  const isZlib = error instanceof Error && 'code' in error && /^(Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code));
  if (!isZlib) return error;
  return new InputError(`${name}: expected compressed data, got something else after ${size} bytes (${messageOf(error)}); download the archive again`);
}

function requireWhole(member: ArchiveMember, size: number, sum: number, name: string): void {
  if (size !== member.size) throw wrongSize(member, size, name);
  if (sum !== member.crc32) throw new InputError(`${name}: expected the ${size} bytes that its archive names, got others (their checksum differs); download the archive again`);
}

function wrongSize(member: ArchiveMember, size: number, name: string): InputError {
  return new InputError(`${name}: expected the ${member.size} bytes that its archive names, got ${size > member.size ? 'more' : size}; download the archive again`);
}

/** Reads a directory in large pieces: yauzl asks for each of its entries, of which there may be hundreds of thousands. */
class BlockReader extends RandomAccessReader {
  private block: Buffer = Buffer.alloc(0);
  private start = 0;

  constructor(private readonly archive: RandomAccess) {
    super();
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    let error: Error | null = null;
    try {
      this.bytesAt(position, length).copy(buffer, offset);
    } catch (thrown) {
      error = thrown as Error;
    }
    callback(error);
  }

  private bytesAt(position: number, length: number): Buffer {
    if (!(Number.isSafeInteger(position) && position >= 0)) throw new Error(`an offset of ${position}`);
    if (position < this.start || position + length > this.start + this.block.length) {
      this.block = this.archive.read(position, Math.max(length, PIECE));
      this.start = position;
    }
    const bytes = this.block.subarray(position - this.start, position - this.start + length);
    if (bytes.length < length) throw new Error(`its end at byte ${this.archive.size}`);
    return bytes;
  }
}
