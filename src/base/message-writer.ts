/**
 * @file Writes a message of Protocol Buffers (https://protobuf.dev/programming-guides/encoding) into one growing
 *   buffer, which is quick for messages with thousands of fields. Small ones are easier to read with protobuf.ts.
 */

/** The types on the wire. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** The longest varint, in bytes: ten bytes of seven bits hold 64 bits. */
export const LONGEST_VARINT = 10;

/** Encodes fields one after another. */
export class MessageWriter {
  private buffer: Buffer;
  private length = 0;

  /** @param capacity the bytes to begin with */
  constructor(capacity = 2 ** 16) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  /** A field of type int32, int64, uint64, bool or enum. Negative values take ten bytes, as in `int32` and `int64`. */
  integer(field: number, value: number | boolean): void {
    this.tag(field, VARINT);
    this.varint(Number(value));
  }

  /** A field of type float. */
  float(field: number, value: number): void {
    this.tag(field, FIXED32);
    this.reserve(4);
    this.length = this.buffer.writeFloatLE(value, this.length);
  }

  /** A field of type double. */
  double(field: number, value: number): void {
    this.tag(field, FIXED64);
    this.reserve(8);
    this.length = this.buffer.writeDoubleLE(value, this.length);
  }

  /** The tag and length of a field of type string, bytes or message, whose content follows. */
  lengthPrefix(field: number, length: number): void {
    this.tag(field, BYTES);
    this.varint(length);
  }

  /** A field of type bytes, or an encoded message. */
  bytes(field: number, content: Uint8Array): void {
    this.lengthPrefix(field, content.length);
    this.reserve(content.length);
    this.buffer.set(content, this.length);
    this.length += content.length;
  }

  /** A field of type string. */
  text(field: number, value: string): void {
    const before = this.length;
    this.lengthPrefix(field, value.length);
    this.reserve(value.length);
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) {
        this.length = before;
        this.bytes(field, Buffer.from(value));
        return;
      }
      this.buffer[this.length++] = code;
    }
  }

  /** A field of type message, whose fields `write` writes. */
  message(field: number, write: () => void): void {
    this.tag(field, BYTES);
    this.reserve(1);
    const start = this.length++; // most lengths take one byte
    write();
    const length = this.length - start - 1;
    let more = 0;
    for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) more++;
    this.reserve(more);
    if (more > 0) this.buffer.copyWithin(start + 1 + more, start + 1, this.length);
    this.length = start;
    this.varint(length);
    this.length += length;
  }

  /** The message as far as it is written. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  private tag(field: number, wireType: number): void {
    this.varint((field << 3) | wireType);
  }

  /** A safe integer. */
  private varint(value: number): void {
    this.reserve(LONGEST_VARINT);
    if (value < 0) {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest >= 0x80n; rest >>= 7n) this.buffer[this.length++] = Number(rest & 0x7fn) | 0x80;
      this.buffer[this.length++] = Number(rest);
      return;
    }
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.buffer[this.length++] = (rest % 0x80) | 0x80;
    this.buffer[this.length++] = rest;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
