/**
 * @file The messages of an Arrow stream (arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format), validated
 * before they are decoded, since the decoder trusts the numbers in them and would loop forever on false ones.
 */

import { UnreadableFile } from '../unreadable-file.js';
import { Table } from './flat-buffer.js';

/** An Arrow file is a stream between two of these words, with a footer before the last. */
export const ARROW_FILE_MAGIC = Buffer.from('ARROW1');
const PADDED_MAGIC_BYTES = 8;

/** The end of a file: the length of the footer, four bytes, and the word again. */
const FOOTER_END_BYTES = 4 + ARROW_FILE_MAGIC.length;

/** The most bytes between the stream and the footer. */
const MOST_PADDING_BYTES = 64;

/** Precedes the length of a message; streams from before 2019 have only the length. */
const CONTINUATION = 0xffffffff;

/** The largest metadata of a message, in bytes. */
export const MOST_METADATA_BYTES = 1 << 24;

/** The deepest nesting of structures. */
const MOST_LEVELS = 64;

/** Kinds of messages (format/Message.fbs). */
const HEADER = { schema: 1, dictionary: 2, batch: 3 };

/** Types that the decoder does not support (format/Schema.fbs). */
const UNKNOWN_TYPES: Readonly<Record<number, string>> = {
  22: 'run-end encoded columns',
  25: 'list views',
  26: 'list views',
};

/** A type of columns that is not read. */
export class UnknownArrowType extends Error {}

/** The file that contains the messages, for limits and errors. */
interface Source {
  readonly name: string;
  /** The most bytes that it can have. */
  readonly bytes: number;
}

/**
 * Passes on the chunks of a stream, or of the stream in a file, each after validating the messages that begin in it.
 * Throws an `Error` for invalid messages, and an `UnreadableFile` for data without an end mark or with more after it.
 */
export async function* soundMessages(pieces: AsyncIterable<Buffer>, source: Source): AsyncGenerator<Buffer> {
  const iterator = pieces[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  let [body, isFile, size] = [0, false, 0];
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      const piece = next.value;
      if (size === 0) isFile = piece.subarray(0, ARROW_FILE_MAGIC.length).equals(ARROW_FILE_MAGIC);
      const content = size === 0 && isFile ? piece.subarray(PADDED_MAGIC_BYTES) : piece;
      held = held.length === 0 ? content : Buffer.concat([held, content]);
      size += piece.length;
      let at = 0;
      for (;;) {
        const passed = Math.min(body, held.length - at);
        [at, body] = [at + passed, body - passed];
        const message = body > 0 ? undefined : messageAt(held, at, source.bytes);
        if (message === undefined) break;
        [at, body] = [message.end, message.body];
        if (!message.isEnd) continue;
        await checkEnd(held.subarray(at), iterator, isFile, source.name);
        yield held.subarray(0, at);
        return;
      }
      yield held.subarray(0, at);
      held = held.subarray(at);
    }
    throw new UnreadableFile(
      source.name,
      `expected Arrow data up to its end mark, got ${size} bytes without; write the file again`,
    );
  } finally {
    await iterator.return?.();
  }
}

/** Checks what follows a stream: in a file its footer, otherwise nothing, or zeros. */
async function checkEnd(first: Buffer, rest: AsyncIterator<Buffer>, isFile: boolean, name: string): Promise<void> {
  let [size, last, isBlank] = [0, Buffer.alloc(0), true];
  for (let piece: Buffer | undefined = first; piece !== undefined;) {
    size += piece.length;
    isBlank &&= piece.every((byte) => byte === 0);
    last = Buffer.concat([last, piece.subarray(-FOOTER_END_BYTES)]).subarray(-FOOTER_END_BYTES);
    const next: IteratorResult<Buffer> = await rest.next();
    piece = next.done === true ? undefined : next.value;
  }
  if (!isFile && isBlank) return;
  if (isFile && !last.subarray(4).equals(ARROW_FILE_MAGIC)) {
    const found = `${size} bytes after the last batch that end in something else`;
    throw new UnreadableFile(name, `expected an Arrow file with its end mark, got ${found}; write the file again`);
  }
  const beyond = isFile ? size - FOOTER_END_BYTES - last.readInt32LE(0) : size;
  if (isFile && beyond >= 0 && beyond < MOST_PADDING_BYTES) return;
  throw new UnreadableFile(
    name,
    `expected nothing after the end of the Arrow data, got ${size} bytes; split joined files`,
  );
}

/** Finds and validates the message at an offset; `undefined` if it is incomplete. */
function messageAt(
  bytes: Buffer,
  at: number,
  fileBytes: number,
): { readonly end: number; readonly body: number; readonly isEnd: boolean } | undefined {
  if (at + 4 > bytes.length) return undefined;
  const start = bytes.readUInt32LE(at) === CONTINUATION ? at + 8 : at + 4;
  if (start > bytes.length) return undefined;
  const length = bytes.readUInt32LE(start - 4);
  if (length === 0) return { end: start, body: 0, isEnd: true };
  if (length > MOST_METADATA_BYTES) throw new Error(`a message of ${length} bytes`);
  if (start + length > bytes.length) return undefined;
  return { end: start + length, body: checkMessage(bytes.subarray(start, start + length), fileBytes), isEnd: false };
}

/** Validates a message; returns the length of its body. */
function checkMessage(bytes: Buffer, fileBytes: number): number {
  const message = Table.root(bytes);
  const body = message.long(3);
  if (body > fileBytes) throw new Error(`a message with ${body} bytes`);
  const header = message.table(2);
  const kind = message.byte(1);
  message.tables(4);
  if (header === undefined) return body;
  if (kind === HEADER.schema) checkFields(header.tables(1), 0, { left: bytes.length / 8 });
  else if (kind === HEADER.batch) checkBatch(header, body, fileBytes);
  else if (kind === HEADER.dictionary) checkBatch(header.table(1), body, fileBytes);
  return body;
}

/**
 * @param count the limit on further fields, needed because the same field may be referenced many times
 */
function checkFields(fields: readonly Table[], level: number, count: { left: number }): void {
  if (level > MOST_LEVELS) throw new Error(`more than ${MOST_LEVELS} structures inside each other`);
  for (const field of fields) {
    if (--count.left < 0) throw new Error('more fields than there is room for');
    const unknown = UNKNOWN_TYPES[field.byte(2)];
    if (unknown !== undefined) throw new UnknownArrowType(unknown);
    field.table(3);
    field.tables(6);
    checkFields(field.tables(5), level + 1, count);
  }
}

/** Bytes of a node (two numbers), and of a buffer (offset and length). */
const STRUCT_BYTES = 16;

/** Limits for compressed files: how much they may expand, and how many values they may have. */
const COMPRESSED = { growth: 1024, mostValues: 1 << 26 };

function checkBatch(batch: Table | undefined, body: number, fileBytes: number): void {
  if (batch === undefined) throw new Error('a batch without data');
  const isCompressed = batch.table(3) !== undefined;
  const mostBits = 8 * fileBytes;
  const most = isCompressed
    ? Math.max(mostBits, Math.min(COMPRESSED.mostValues, COMPRESSED.growth * fileBytes))
    : mostBits;
  const [rows, nodes, buffers] = [batch.long(0), batch.vector(1, STRUCT_BYTES), batch.vector(2, STRUCT_BYTES)];
  batch.vector(4, 8);
  const lengths = nodes.map((at) => batch.longAt(at));
  for (const length of [rows, ...lengths]) if (length > most) throw new Error(`${length} rows in ${fileBytes} bytes`);
  for (const at of buffers) {
    if (batch.longAt(at) + batch.longAt(at + 8) > body) throw new Error('a buffer beyond its end');
  }
}
