/**
 * @file The messages of an Arrow stream (arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format), validated
 * before they are decoded: the decoder trusts the numbers in them, and would loop for ever on false ones.
 */

/** Precedes the length of a message; streams from before 2019 have the length alone. */
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

/** Passes chunks on, each once the messages that begin in it are found valid. Throws an `Error` for others. */
export async function* soundMessages(pieces: AsyncIterable<Buffer>, fileBytes: number): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  let [body, isEnd] = [0, false];
  for await (const piece of pieces) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    let at = 0;
    while (!isEnd) {
      const passed = Math.min(body, held.length - at);
      [at, body] = [at + passed, body - passed];
      const message = body > 0 ? undefined : messageAt(held, at, fileBytes);
      if (message === undefined) break;
      isEnd = message.isEnd;
      [at, body] = [message.end, message.body];
    }
    if (isEnd) at = held.length;
    yield held.subarray(0, at);
    held = held.subarray(at);
  }
  if (held.length > 0) yield held;
}

/** The message at an offset, validated; `undefined` if it is incomplete. */
function messageAt(
  bytes: Buffer,
  at: number,
  fileBytes: number,
): { readonly end: number; readonly body: number; readonly isEnd: boolean } | undefined {
  if (at + 8 > bytes.length) return undefined;
  const start = bytes.readUInt32LE(at) === CONTINUATION ? at + 8 : at + 4;
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
 * @param count how many more fields there may be: the same one may be referenced many times
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

/** The most that a compressed file may expand, and the most values. */
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

/** A table of a FlatBuffer (flatbuffers.dev/internals), with every offset checked. */
class Table {
  private constructor(
    private readonly bytes: Buffer,
    private readonly at: number,
  ) {
    const fields = this.fieldsAt();
    this.check(fields, Math.max(4, this.word(fields)));
  }

  static root(bytes: Buffer): Table {
    if (bytes.length < 8) throw new Error('a message that is cut off');
    return new Table(bytes, bytes.readUInt32LE(0));
  }

  byte(field: number): number {
    const at = this.place(field, 1);
    return at === undefined ? 0 : this.bytes[at]!;
  }

  /** A number that is not negative. */
  long(field: number): number {
    const at = this.place(field, 8);
    return at === undefined ? 0 : this.longAt(at);
  }

  longAt(at: number): number {
    this.check(at, 8);
    const value = Number(this.bytes.readBigInt64LE(at));
    if (!(value >= 0)) throw new Error('a negative length');
    return value;
  }

  table(field: number): Table | undefined {
    const at = this.place(field, 4);
    return at === undefined ? undefined : new Table(this.bytes, at + this.bytes.readUInt32LE(at));
  }

  /** Where the elements of a vector are. */
  vector(field: number, size: number): number[] {
    const place = this.place(field, 4);
    if (place === undefined) return [];
    const at = place + this.bytes.readUInt32LE(place);
    this.check(at, 4);
    const count = this.bytes.readUInt32LE(at);
    this.check(at + 4, count * size);
    return Array.from({ length: count }, (_, i) => at + 4 + i * size);
  }

  tables(field: number): Table[] {
    return this.vector(field, 4).map((at) => new Table(this.bytes, at + this.bytes.readUInt32LE(at)));
  }

  private place(field: number, size: number): number | undefined {
    const fields = this.fieldsAt();
    const slot = 4 + 2 * field;
    const offset = slot + 2 <= this.word(fields) ? this.word(fields + slot) : 0;
    if (offset === 0) return undefined;
    this.check(this.at + offset, size);
    return this.at + offset;
  }

  private fieldsAt(): number {
    this.check(this.at, 4);
    return this.at - this.bytes.readInt32LE(this.at);
  }

  private word(at: number): number {
    this.check(at, 2);
    return this.bytes.readUInt16LE(at);
  }

  private check(at: number, size: number): void {
    if (!(at >= 0 && at + size <= this.bytes.length)) throw new Error('a message with a place beyond its end');
  }
}
