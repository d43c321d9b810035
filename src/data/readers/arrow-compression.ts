/** @file The two compression formats of Arrow buffers: LZ4 frames and Zstandard (RFC 8878). */
import { CompressionType, compressionRegistry } from 'apache-arrow';

/** The largest buffer when unpacked, in bytes. */
const MAX_BYTES = 1 << 28;

/** Makes Arrow's reader decompress buffers. May be called again. */
export async function allowCompressedBuffers(): Promise<void> {
  const { decompressZstd } = await import('hyparquet-compressors'); // slow to load, and rarely needed
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: unpackLz4Frame });
  compressionRegistry.set(CompressionType.ZSTD, {
    decode: (packed) => {
      checkZstdSize(packed);
      return decompressZstd(packed).slice(); // copied so that numbers are aligned
    },
  });
}

/** Unpacks an LZ4 frame (github.com/lz4/lz4, doc/lz4_Frame_format.md), ignoring its checksums. Throws an `Error`. */
function unpackLz4Frame(packed: Uint8Array): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (view.getUint32(0, true) !== 0x184d2204) throw new Error('no LZ4 frame');
  const flags = packed[4]!;
  const [hasBlockSums, hasSize, hasDictionary] = [0x10, 0x08, 0x01].map((flag) => (flags & flag) !== 0);
  let at = 7 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  const output = new GrowingBytes();
  for (;;) {
    const word = view.getUint32(at, true);
    if (word === 0) return output.whole();
    const [size, isStored] = [word & 0x7fffffff, word > 0x7fffffff];
    const block = packed.subarray(at + 4, at + 4 + size);
    if (block.length < size) throw new Error('an LZ4 block beyond its end');
    if (isStored) output.add(block);
    else unpackLz4Block(block, output);
    at += 4 + size + (hasBlockSums ? 4 : 0);
  }
}

/** Unpacks a block: literals and matches, alternating (doc/lz4_Block_format.md). */
function unpackLz4Block(block: Uint8Array, output: GrowingBytes): void {
  let at = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; length += byte) {
      if (at >= block.length) throw new Error('an LZ4 block that is cut off');
      byte = block[at++]!;
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = lengthFrom(token >> 4);
    output.add(block.subarray(at, at + literals));
    at += literals;
    if (at >= block.length) return;
    const distance = block[at]! | (block[at + 1]! << 8);
    at += 2;
    output.repeat(distance, lengthFrom(token & 15) + 4);
  }
}

/** An output buffer that grows as needed. */
class GrowingBytes {
  private bytes = new Uint8Array(1 << 16);
  private length = 0;

  add(more: Uint8Array): void {
    this.reserve(more.length);
    this.bytes.set(more, this.length);
    this.length += more.length;
  }

  /** Appends a match: bytes from a distance before the end, which may overlap the new ones. */
  repeat(distance: number, count: number): void {
    if (!(distance > 0 && distance <= this.length)) throw new Error('a copy from before the beginning');
    this.reserve(count);
    const { bytes } = this;
    for (let i = 0; i < count; i++) bytes[this.length + i] = bytes[this.length + i - distance]!;
    this.length += count;
  }

  whole(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed > MAX_BYTES) throw new Error(`a buffer of more than ${MAX_BYTES} bytes`);
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.min(MAX_BYTES, Math.max(needed, 2 * this.bytes.length)));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

/** Throws an `Error` for a Zstandard frame that might become too large. */
function checkZstdSize(packed: Uint8Array): void {
  if (maxZstdBytes(packed) > MAX_BYTES) throw new Error(`a buffer of more than ${MAX_BYTES} bytes`);
}

/** The most bytes that a block can unpack to (section 3.1.1.2.4). */
const ZSTD_BLOCK_BYTES = 1 << 17;

/** The most bytes that a frame can unpack to, by the headers of its blocks, since its stated size may be wrong. */
function maxZstdBytes(packed: Uint8Array): number {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (view.getUint32(0, true) !== 0xfd2fb528) throw new Error('no Zstandard frame');
  const descriptor = packed[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeAt = 5 + (isSingle ? 0 : 1) + dictionaryBytes;
  const said = sizeBytes < 4 ? 0 : sizeBytes === 4 ? view.getUint32(sizeAt, true) : view.getBigUint64(sizeAt, true);
  let most = 0;
  for (let at = sizeAt + sizeBytes, isLast = false; !isLast;) {
    if (at + 3 > packed.length) throw new Error('a Zstandard frame that is cut off');
    const header = packed[at]! | (packed[at + 1]! << 8) | (packed[at + 2]! << 16);
    isLast = (header & 1) === 1;
    const [type, size] = [(header >> 1) & 3, header >> 3];
    most += type === 2 ? ZSTD_BLOCK_BYTES : size;
    at += 3 + (type === 1 ? 1 : size);
  }
  return Math.max(most, Number(said));
}
