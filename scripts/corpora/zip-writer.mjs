/**
 * @file Writes zip archives piece by piece (PKWARE, APPNOTE.TXT 6.3.10), with zip64 if there are too many members or
 * their offsets are too large.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { constants, crc32, deflateRawSync } from 'node:zlib';

/** @import { ZlibOptions } from 'node:zlib' */

/**
 * A member's entry in the directory.
 *
 * @typedef {object} Header
 * @property {Buffer} name
 * @property {number} flags
 * @property {number} method
 * @property {number} offset
 * @property {number} crc
 * @property {number} size
 * @property {number} compressedSize
 */

/** @typedef {{ write: (bytes: Buffer) => void, close: () => void }} ByteSink what bytes are written to */

const UTF8_NAMES = 0x0800;
const STORED = 0;
const DEFLATED = 8;
const VERSION = 45; // zip64
const LARGEST_32 = 0xffffffff;
const LARGEST_16 = 0xffff;
/** 1 January 2024, so that the same options give the same bytes. */
const DOS_DATE = ((2024 - 1980) << 9) | (1 << 5) | 1;

/** Without string matching, whose results depend on the build of zlib and on the CPU. */
const REPRODUCIBLE = { strategy: constants.Z_HUFFMAN_ONLY };

/** An archive being written to a path; if `reproducible`, with the same bytes on every machine. */
export class ZipWriter {
  #file;
  #position = 0;
  /** @type {Buffer[]} */
  #directory = [];
  /** @type {ZlibOptions} */
  #compression;

  /**
   * @param {string} path
   * @param {{ reproducible?: boolean }} [options]
   */
  constructor(path, { reproducible = false } = {}) {
    this.#file = openSync(path, 'w');
    this.#compression = { level: 1, ...(reproducible && REPRODUCIBLE) };
  }

  /**
   * Starts a member, which must be closed before the next one is started. A name given as bytes is written unchanged
   * and without the UTF-8 flag, as older archivers do.
   *
   * @param {string | Buffer} name
   * @param {{ store?: boolean }} [options]
   * @returns {ByteSink}
   */
  member(name, { store = false } = {}) {
    /** @type {Header} */
    const header = {
      name: typeof name === 'string' ? Buffer.from(name) : name,
      flags: typeof name === 'string' ? UTF8_NAMES : 0,
      method: store ? STORED : DEFLATED,
      offset: this.#position,
      crc: 0,
      size: 0,
      compressedSize: 0,
    };
    this.#position += 30 + header.name.length; // the header is written once its sizes are known
    /**
     * @param {Buffer} bytes
     * @param {boolean} isLast
     */
    const append = (bytes, isLast) => {
      const packed = store ? bytes : deflated(bytes, isLast, this.#compression);
      if (bytes.length > 0) header.crc = crc32(bytes, header.crc); // crc32 would restart for an empty chunk
      header.size += bytes.length;
      header.compressedSize += packed.length;
      this.#write(packed);
    };
    return {
      write: (bytes) => append(bytes, false),
      close: () => {
        if (!store) append(Buffer.alloc(0), true);
        if (header.size > LARGEST_32) throw new Error(`${name}: a member of over 4 GiB; ask for fewer pairs`);
        writeWhole(this.#file, localHeader(header), header.offset);
        this.#directory.push(directoryHeader(header));
      },
    };
  }

  /**
   * Adds a file from disk unchanged.
   *
   * @param {string | Buffer} name
   * @param {string} path
   */
  addFile(name, path) {
    const member = this.member(name, { store: true });
    const [file, piece] = [openSync(path, 'r'), Buffer.alloc(1 << 20)];
    for (let count = readSync(file, piece); count > 0; count = readSync(file, piece))
      member.write(piece.subarray(0, count));
    closeSync(file);
    member.close();
  }

  close() {
    const start = this.#position;
    for (let i = 0; i < this.#directory.length; i += 1000)
      this.#write(Buffer.concat(this.#directory.slice(i, i + 1000)));
    this.#write(endOfDirectory(this.#directory.length, start, this.#position - start));
    closeSync(this.#file);
  }

  /** @param {Buffer} bytes */
  #write(bytes) {
    writeWhole(this.#file, bytes, this.#position);
    this.#position += bytes.length;
  }
}

/**
 * Compresses a piece that ends on a byte boundary and does not refer to earlier ones, so that all pieces form one
 * stream (RFC 1951).
 *
 * @param {Buffer} bytes
 * @param {boolean} isLast
 * @param {ZlibOptions} compression
 */
function deflated(bytes, isLast, compression) {
  return deflateRawSync(bytes, { ...compression, finishFlush: isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH });
}

/**
 * @param {number} file
 * @param {Buffer} bytes
 * @param {number} position
 */
function writeWhole(file, bytes, position) {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, position + done);
}

/** @param {Header} header */
function localHeader({ name, flags, method, crc, compressedSize, size }) {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt16LE(DOS_DATE, 12);
  header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(compressedSize, 18);
  header.writeUInt32LE(size, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

/** @param {Header} header */
function directoryHeader({ name, flags, method, crc, compressedSize, size, offset }) {
  const isFar = offset >= LARGEST_32;
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(VERSION, 6);
  header.writeUInt16LE(flags, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt16LE(DOS_DATE, 14);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(compressedSize, 20);
  header.writeUInt32LE(size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(isFar ? 12 : 0, 30);
  header.writeUInt32LE(isFar ? LARGEST_32 : offset, 42);
  return Buffer.concat([header, name, isFar ? farOffset(offset) : Buffer.alloc(0)]);
}

/** @param {number} offset */
function farOffset(offset) {
  const extra = Buffer.alloc(12);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8, 2);
  extra.writeBigUInt64LE(BigInt(offset), 4);
  return extra;
}

/**
 * @param {number} count
 * @param {number} start
 * @param {number} size
 */
function endOfDirectory(count, start, size) {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, LARGEST_16), 8);
  end.writeUInt16LE(Math.min(count, LARGEST_16), 10);
  end.writeUInt32LE(Math.min(size, LARGEST_32), 12);
  end.writeUInt32LE(Math.min(start, LARGEST_32), 16);
  const needsZip64 = count >= LARGEST_16 || size >= LARGEST_32 || start >= LARGEST_32;
  return needsZip64 ? Buffer.concat([zip64EndOfDirectory(count, start, size), end]) : end;
}

/**
 * @param {number} count
 * @param {number} start
 * @param {number} size
 */
function zip64EndOfDirectory(count, start, size) {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(VERSION, 12);
  record.writeUInt16LE(VERSION, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  record.writeUInt32LE(0x07064b50, 56); // its locator
  record.writeBigUInt64LE(BigInt(start + size), 64);
  record.writeUInt32LE(1, 72);
  return record;
}
