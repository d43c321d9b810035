/**
 * @file The wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding): a message is the
 * concatenation of its fields.
 */
import { InputError } from './errors.js';
import { BYTES, FIXED32, FIXED64, LONGEST_VARINT, MessageWriter, VARINT } from './message-writer.js';

/** In bytes, more than a tag and a number take. */
const SMALL = 32;

function encoded(write: (writer: MessageWriter) => void): Buffer {
  const writer = new MessageWriter(SMALL);
  write(writer);
  return writer.finish();
}

/** A field of type int32, int64, uint64, bool or enum. */
export function integer(field: number, value: number | boolean): Buffer {
  return encoded((writer) => {
    writer.integer(field, value);
  });
}

/** A field of type float. */
export function float(field: number, value: number): Buffer {
  return encoded((writer) => {
    writer.float(field, value);
  });
}

/** A field of type double. */
export function double(field: number, value: number): Buffer {
  return encoded((writer) => {
    writer.double(field, value);
  });
}

/** A field of type string, bytes or message. */
export function bytes(field: number, value: string | Uint8Array | readonly Uint8Array[]): Buffer {
  const content =
    typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : Buffer.concat(value);
  return Buffer.concat([lengthPrefix(field, content.length), content]);
}

/** The tag and length of a field of type string, bytes or message whose content is written separately. */
export function lengthPrefix(field: number, length: number): Buffer {
  return encoded((writer) => {
    writer.lengthPrefix(field, length);
  });
}

/** A field in a file. Positions are in bytes from the file's start. */
export interface Field {
  readonly number: number;
  /** The value of a varint; 0 for other types. */
  readonly value: number;
  /** Where the tag begins, where the content begins, and where the field ends. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** A file or buffer that holds a message. */
export interface MessageSource {
  /** What error messages call it. */
  readonly location: string;
  read(position: number, length: number): Promise<ArrayBuffer>;
}

/** Reads the bytes from `start` up to `end`. */
export async function bytesBetween(source: MessageSource, start: number, end: number): Promise<Buffer> {
  return Buffer.from(await source.read(start, end - start));
}

/** Reads the content of a field of type string, bytes or message. */
export async function contentOf(source: MessageSource, { content, end }: Field): Promise<Buffer> {
  return bytesBetween(source, content, end);
}

/**
 * Yields the fields of the message from `start` to `end`, in order. Reads only tags and lengths, so that messages may
 * be larger than memory.
 *
 * @throws InputError, without advice, if the bytes are not a message or end within a field
 */
export async function* fieldsOf(source: MessageSource, start: number, end: number): AsyncGenerator<Field> {
  for (let position = start; position < end;) {
    const head = new Uint8Array(await source.read(position, Math.min(2 * LONGEST_VARINT, end - position)));
    const field = parseField(head, position);
    if (field === undefined)
      throw new InputError(
        `${source.location}: expected a field of a Protocol Buffers message at byte ${position}, found something else`,
      );
    if (field.end > end)
      throw new InputError(
        `${source.location}: expected the field at byte ${position} to end at ${field.end}, found the end at ` +
          `${end}: it is damaged or cut short`,
      );
    yield field;
    position = field.end;
  }
}

/** Parses the field that begins with `head`; undefined if it is not a field. */
function parseField(head: Uint8Array, start: number): Field | undefined {
  const key = varintAt(head, 0);
  if (key === undefined || key.value < 8) return undefined; // fields are numbered from 1
  const [number, content] = [Math.floor(key.value / 8), start + key.length];
  const first = varintAt(head, key.length);
  switch (key.value % 8) {
    case VARINT:
      return first && { number, value: first.value, start, content, end: content + first.length };
    case BYTES:
      return (
        first && { number, value: 0, start, content: content + first.length, end: content + first.length + first.value }
      );
    case FIXED64:
      return { number, value: 0, start, content, end: content + 8 };
    case FIXED32:
      return { number, value: 0, start, content, end: content + 4 };
    default:
      return undefined;
  }
}

/** Decodes a varint, exact up to 2^53; undefined if it does not end. */
export function varintAt(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly length: number } | undefined {
  let value = 0;
  for (let i = 0; i < LONGEST_VARINT && start + i < bytes.length; i++) {
    value += (bytes[start + i]! & 0x7f) * 2 ** (7 * i);
    if (bytes[start + i]! < 0x80) return { value, length: i + 1 };
  }
  return undefined;
}
