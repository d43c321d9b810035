/**
 * @file Validates the messages of an Arrow stream before they are decoded, since the decoder trusts the numbers in them
 * and would loop forever on false ones.
 */
import type { Table } from './flat-buffer.js';

/** Kinds of messages (format/Message.fbs). */
export const HEADER = { schema: 1, dictionary: 2, batch: 3 };

/** The deepest nesting of structures. */
const MAX_LEVELS = 64;

/**
 * Validates a message; returns the length of its body. Throws an `Error`.
 *
 * @param size the bytes of the message
 * @param fileBytes the most bytes that its file can have
 */
export function checkMessage(message: Table, size: number, fileBytes: number): number {
  const body = message.long(3);
  if (body > fileBytes) throw new Error(`a message with ${body} bytes`);
  const header = message.table(2);
  const kind = message.byte(1);
  message.tables(4);
  if (header === undefined) return body;
  if (kind === HEADER.schema) checkFields(header.tables(1), 0, { left: size / 8 });
  else if (kind === HEADER.batch) checkBatch(header, body, fileBytes);
  else if (kind === HEADER.dictionary) checkBatch(header.table(1), body, fileBytes);
  return body;
}

/**
 * @param count the limit on further fields, needed because the same field may be referenced many times
 */
function checkFields(fields: readonly Table[], level: number, count: { left: number }): void {
  if (level > MAX_LEVELS) throw new Error(`more than ${MAX_LEVELS} structures inside each other`);
  for (const field of fields) {
    if (--count.left < 0) throw new Error('more fields than there is room for');
    field.table(3);
    field.tables(6);
    checkFields(field.tables(5), level + 1, count);
  }
}

/** Bytes of a node (two numbers), and of a buffer (offset and length). */
const STRUCT_BYTES = 16;

/** Limits for compressed files: how much they may expand, and how many values they may have. */
const COMPRESSED = { growth: 1024, maxValues: 1 << 26 };

function checkBatch(batch: Table | undefined, body: number, fileBytes: number): void {
  if (batch === undefined) throw new Error('a batch without data');
  const isCompressed = batch.table(3) !== undefined;
  const maxBits = 8 * fileBytes;
  const most = isCompressed
    ? Math.max(maxBits, Math.min(COMPRESSED.maxValues, COMPRESSED.growth * fileBytes))
    : maxBits;
  const [rows, nodes, buffers] = [batch.long(0), batch.vector(1, STRUCT_BYTES), batch.vector(2, STRUCT_BYTES)];
  const views = batch.vector(4, 8).reduce((sum, at) => sum + batch.longAt(at), 0);
  if (views > buffers.length) throw new Error(`${views} buffers of views among ${buffers.length}`);
  const lengths = nodes.map((at) => batch.longAt(at));
  for (const length of [rows, ...lengths]) if (length > most) throw new Error(`${length} rows in ${fileBytes} bytes`);
  for (const at of buffers) {
    if (batch.longAt(at) + batch.longAt(at + 8) > body) throw new Error('a buffer beyond its end');
  }
}
