/**
 * @file The directory of a zip archive (PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16). It is read up to its
 * size in bytes, not up to its count of files: that has 16 bits, and archivers without zip64 (macOS's Archive Utility)
 * write it modulo 65,536, and offsets modulo 2³².
 */
import { isUtf8 } from 'node:buffer';
import { posix } from 'node:path';
import { getFileNameLowLevel } from 'yauzl';
import { printable } from '../../base/errors.js';
import { decodeCp949 } from './encoding.js';
import { PIECE, type RandomAccess } from './random-access.js';

/** An entry of the directory. */
export interface DirectoryEntry {
  /** The path inside, for messages: printable, in NFC, with `/`. */
  readonly path: string;
  /** The bytes of the path, by which it is unpacked. */
  readonly rawPath: string;
  readonly isEncrypted: boolean;
  /** Whether it is a link, whose content is the path of another file. */
  readonly isLink: boolean;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  /** The offset of its local header, from the start of the file. */
  offset: number;
}

interface ExtraField {
  readonly id: number;
  readonly data: Buffer;
}

const END_RECORD = { signature: 0x06054b50, size: 22 };
const ENTRY = { signature: 0x02014b50, size: 46 };
const ZIP64_LOCATOR = { signature: 0x07064b50, size: 20 };
const ZIP64_END_RECORD = { signature: 0x06064b50, size: 56 };
const DIGITAL_SIGNATURE = 0x05054b50;

const LARGEST_COMMENT = 0xffff;
const ZIP64_FIELD = 0x0001;
/** Means that the number is in the zip64 field or record. */
const IN_ZIP64 = 0xffffffff;
const [MADE_ON_UNIX, UNIX_TYPE, UNIX_LINK] = [3, 0o170000, 0o120000];
const [ENCRYPTED, UTF8_NAME] = [0x1, 0x800];
const UNICODE_PATH_FIELD = 0x7075;
/** The least size of a local header: bounds the number of entries. */
const LOCAL_HEADER_BYTES = 30;

/** Where a directory is. */
interface Extent {
  readonly start: number;
  /** Where the end records begin. */
  readonly end: number;
  /** The number of bytes before the archive, such as a program that unpacks it. */
  readonly prepended: number;
}

/** Reads all entries of an archive's directory, in order. Throws an `Error` that says what is wrong with it. */
export function readDirectory(archive: RandomAccess): DirectoryEntry[] {
  const bytes = blockReader(archive);
  let fault: Error | undefined;
  for (const end of endRecords(archive)) {
    for (const extent of extentsOf(end, bytes)) {
      const entries = walk(extent, bytes);
      if (!(entries instanceof Error)) return placed(entries, extent, archive.size);
      fault ??= entries;
    }
  }
  throw fault ?? new Error('End of central directory record signature not found');
}

/** Possible offsets of the end record, the likeliest first: those whose comment ends where the file ends. */
function endRecords(archive: RandomAccess): number[] {
  const start = Math.max(0, archive.size - END_RECORD.size - LARGEST_COMMENT);
  const tail = archive.read(start, archive.size - start);
  const found: { at: number; isExact: boolean }[] = [];
  for (let at = tail.length - END_RECORD.size; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_RECORD.signature) continue;
    const rest = tail.length - at - END_RECORD.size - tail.readUInt16LE(at + 20);
    if (rest >= 0) found.push({ at: start + at, isExact: rest === 0 });
  }
  return [...found.filter(({ isExact }) => isExact), ...found.filter(({ isExact }) => !isExact)].map(({ at }) => at);
}

type ReadBytes = (position: number, length: number) => Buffer;

/** Possible extents of the directory of an end record: where it says, or right before it. */
function extentsOf(endRecord: number, bytes: ReadBytes): Extent[] {
  const record = bytes(endRecord, END_RECORD.size);
  if (record.length < END_RECORD.size) return [];
  let [size, offset, end] = [record.readUInt32LE(12), record.readUInt32LE(16), endRecord];
  const zip64 = zip64Record(endRecord, bytes);
  if (zip64 !== undefined) {
    end = zip64.at;
    if (size === IN_ZIP64) size = zip64.size;
    if (offset === IN_ZIP64) offset = zip64.offset;
  }
  const extents = [
    { start: offset, end, prepended: 0 },
    { start: end - size, end, prepended: end - size - offset },
  ];
  return extents.filter(({ start }) => start >= 0 && start <= end);
}

function zip64Record(endRecord: number, bytes: ReadBytes): { at: number; size: number; offset: number } | undefined {
  const at = endRecord - ZIP64_LOCATOR.size;
  if (at < 0) return undefined;
  const locator = bytes(at, ZIP64_LOCATOR.size);
  if (locator.readUInt32LE(0) !== ZIP64_LOCATOR.signature) return undefined;
  // Right before its locator, or where the locator says if the record has extensible data.
  for (const place of [at - ZIP64_END_RECORD.size, Number(locator.readBigUInt64LE(8))]) {
    if (!(place >= 0 && place <= at - ZIP64_END_RECORD.size)) continue;
    const record = bytes(place, ZIP64_END_RECORD.size);
    if (record.readUInt32LE(0) !== ZIP64_END_RECORD.signature) continue;
    return { at: place, size: Number(record.readBigUInt64LE(40)), offset: Number(record.readBigUInt64LE(48)) };
  }
  return undefined;
}

/** The entries that fill a directory from its first byte to its last, or why it is invalid. */
function walk({ start, end }: Extent, bytes: ReadBytes): DirectoryEntry[] | Error {
  const entries: DirectoryEntry[] = [];
  let at = start;
  while (at < end) {
    const head = bytes(at, ENTRY.size);
    const signature = head.length < 4 ? undefined : head.readUInt32LE(0);
    if (signature === DIGITAL_SIGNATURE) break;
    if (signature !== ENTRY.signature || head.length < ENTRY.size) {
      return new Error(`its directory is broken at byte ${at}, after ${entries.length} files`);
    }
    const lengths = [28, 30, 32].map((field) => head.readUInt16LE(field));
    const length = ENTRY.size + lengths[0]! + lengths[1]! + lengths[2]!;
    if (at + length > end) return new Error(`its directory ends within file ${entries.length + 1}`);
    const entry = entryOf(bytes(at, length), lengths);
    if (entry instanceof Error) return entry;
    entries.push(entry);
    at += length;
  }
  return entries;
}

function entryOf(bytes: Buffer, [nameLength, extraLength]: readonly number[]): DirectoryEntry | Error {
  const name = bytes.subarray(ENTRY.size, ENTRY.size + nameLength!);
  const extraFields = extraFieldsOf(bytes.subarray(ENTRY.size + nameLength!, ENTRY.size + nameLength! + extraLength!));
  const wide = extraFields.find(({ id }) => id === ZIP64_FIELD)?.data ?? Buffer.alloc(0);
  let next = 0;
  const number = (field: number): number => {
    const value = bytes.readUInt32LE(field);
    if (value !== IN_ZIP64 || next + 8 > wide.length) return value;
    next += 8;
    return Number(wide.readBigUInt64LE(next - 8));
  };
  const [size, compressedSize, offset] = [number(24), number(20), number(42)];
  if (![size, compressedSize, offset].every(Number.isSafeInteger))
    return new Error('its directory has sizes that no file has');
  const flags = bytes.readUInt16LE(8);
  return {
    path: pathOf(name, flags, extraFields),
    rawPath: name.toString('latin1'),
    isEncrypted: (flags & ENCRYPTED) !== 0,
    isLink: bytes[5] === MADE_ON_UNIX && (bytes.readUInt16LE(40) & UNIX_TYPE) === UNIX_LINK,
    method: bytes.readUInt16LE(10),
    crc32: bytes.readUInt32LE(16),
    compressedSize,
    size,
    offset,
  };
}

/**
 * Decodes a path. A flag says that it is UTF-8; without it, it is in the encoding of the archiver's system: still UTF-8
 * (macOS), code page 949 (Korean Windows), or code page 437, the standard's default.
 */
function pathOf(raw: Buffer, flags: number, extraFields: ExtraField[]): string {
  const saysUnicode = (flags & UTF8_NAME) !== 0 || extraFields.some(({ id }) => id === UNICODE_PATH_FIELD);
  const standard = () => getFileNameLowLevel(flags, raw, extraFields, false);
  const name = saysUnicode ? standard() : isUtf8(raw) ? raw.toString('utf8') : (decodeCp949(raw) ?? standard());
  return printable(insidePath(name.replaceAll('\\', '/').normalize('NFC')));
}

/** Removes `.`, `..` and empty parts from a path, as programs that unpack archives do: `./a.csv` is `a.csv`. */
function insidePath(name: string): string {
  return posix.normalize(name).replace(/^(?:\.{0,2}\/)+/, '') || name;
}

function extraFieldsOf(extra: Buffer): ExtraField[] {
  const fields: ExtraField[] = [];
  for (let at = 0; at + 4 <= extra.length;) {
    const [id, length] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)];
    if (at + 4 + length > extra.length) break; // padding
    fields.push({ id, data: extra.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return fields;
}

/** Converts the offsets of entries to offsets from the start of the file. */
function placed(entries: DirectoryEntry[], { start, prepended }: Extent, size: number): DirectoryEntry[] {
  const packed = entries.reduce((sum, { compressedSize }) => sum + compressedSize + LOCAL_HEADER_BYTES, 0);
  if (packed > size) throw new Error('the files in it overlap');
  const isModulo = prepended > 0 && prepended % 2 ** 32 === 0;
  let [before, rounds] = [0, 0];
  for (const entry of entries) {
    if (entry.offset < before) rounds++; // archivers without zip64 write files in the order of their entries
    before = entry.offset;
    entry.offset = isModulo ? Math.min(entry.offset + rounds * 2 ** 32, start) : entry.offset + prepended;
  }
  return entries;
}

/** Reads a directory in large blocks: there may be hundreds of thousands of entries. */
function blockReader(archive: RandomAccess): ReadBytes {
  let block: Buffer = Buffer.alloc(0);
  let start = 0;
  return (position, length) => {
    if (position < start || position + length > start + block.length) {
      block = archive.read(position, Math.max(length, PIECE));
      start = position;
    }
    return block.subarray(position - start, position - start + length);
  };
}
