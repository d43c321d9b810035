/**
 * @file The wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), writing only:
 * a message is the concatenation of its fields.
 */

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** A varint of a safe integer; negative ones take ten bytes, as `int32` and `int64` fields do. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? BigInt.asUintN(64, BigInt(value)) : BigInt(value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

const tag = (field: number, wireType: number): Buffer => varint((field << 3) | wireType);

/** A field of type int32, int64, uint64, bool or enum. */
export function integer(field: number, value: number | boolean): Buffer {
  return Buffer.concat([tag(field, VARINT), varint(Number(value))]);
}

/** A field of type float. */
export function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, FIXED32), bytes]);
}

/** A field of type double. */
export function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, FIXED64), bytes]);
}

/** A field of type string, bytes or message. */
export function bytes(field: number, value: string | Uint8Array | readonly Uint8Array[]): Buffer {
  const content = typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : Buffer.concat(value);
  return Buffer.concat([tag(field, BYTES), varint(content.length), content]);
}

/** What comes before the content of a field of type string, bytes or message, for content that is written elsewhere. */
export function lengthPrefix(field: number, length: number): Buffer {
  return Buffer.concat([tag(field, BYTES), varint(length)]);
}

/** The entries of a map field with string keys. */
export function map(field: number, entries: Readonly<Record<string, Uint8Array | readonly Uint8Array[]>>): Buffer {
  return Buffer.concat(Object.entries(entries).map(([key, value]) => bytes(field, [bytes(1, key), bytes(2, value)])));
}
