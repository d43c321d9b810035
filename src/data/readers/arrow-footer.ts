/**
 * @file Reads Arrow files that are no stream between their marks, by their footer (Columnar.html, "IPC File Format").
 * Polars writes the schema without the length before it, and dictionaries after the batches that need them.
 */
import { UnreadableFileError } from '../unreadable-file.js';
import { HEADER } from './arrow-checks.js';
import {
  CONTINUATION,
  FOOTER_END_BYTES,
  isArrowFile,
  MAX_METADATA_BYTES,
  MAX_PADDING_BYTES,
  PADDED_MAGIC_BYTES,
} from './arrow-messages.js';
import { Table } from './flat-buffer.js';
import type { RandomAccess } from './random-access.js';
import { openStoredFile, readPieces, type StoredFile } from './stored-file.js';

/** A message with a schema has more bytes than this, and what stands there instead, an offset, is smaller. */
const MIN_SCHEMA_BYTES = 32;

/** The bytes of a block in a footer (format/File.fbs): the offset of a message, and the sizes of its parts. */
const BLOCK = { bytes: 24, body: 16 };

const END_MARK = Buffer.from('ffffffff00000000', 'hex');

/** A message in a file. */
interface Block {
  readonly start: number;
  readonly end: number;
}

/** Reads an Arrow file or stream from its beginning or, if that is impossible, a file by its footer, as a stream. */
export async function* streamOf(file: StoredFile): AsyncGenerator<Buffer> {
  const pieces = readPieces(file);
  try {
    const first = await pieces.next();
    if (first.done === true) return;
    if (isArrowFile(first.value) && !beginsWithLength(first.value)) {
      yield* streamByFooter(file);
      return;
    }
    yield first.value;
    yield* pieces;
  } finally {
    await pieces.return(undefined);
  }
}

function beginsWithLength(bytes: Buffer): boolean {
  return bytes.length < PADDED_MAGIC_BYTES + 4 || bytes.readUInt32LE(PADDED_MAGIC_BYTES) > MIN_SCHEMA_BYTES;
}

async function* streamByFooter(file: StoredFile): AsyncGenerator<Buffer> {
  const access = openStoredFile(file);
  try {
    const footer = footerOf(access);
    const root = Table.root(footer);
    const [dictionaries, batches] = [2, 3].map((field) => blocksIn(root, field, access));
    requireNoGaps([...dictionaries!, ...batches!], access, footer.length);
    yield schemaMessage(footer, root);
    for (const { start, end } of [...dictionaries!, ...batches!]) yield* access.stream(start, end);
    yield END_MARK;
  } finally {
    access.close();
  }
}

function footerOf(access: RandomAccess): Buffer {
  const end = access.read(Math.max(0, access.size - FOOTER_END_BYTES), FOOTER_END_BYTES);
  const length = end.length < FOOTER_END_BYTES || !isArrowFile(end.subarray(4)) ? 0 : end.readInt32LE(0);
  if (length > 0 && length <= Math.min(MAX_METADATA_BYTES, access.size - FOOTER_END_BYTES))
    return access.read(access.size - FOOTER_END_BYTES - length, length);
  const found = `${access.size} bytes without`;
  throw new UnreadableFileError(
    access.name,
    `expected an Arrow file with its footer, got ${found}; write the file again`,
  );
}

function blocksIn(footer: Table, field: number, { size }: RandomAccess): Block[] {
  return footer.vector(field, BLOCK.bytes).map((at) => {
    const start = footer.longAt(at);
    const end = start + footer.wordAt(at + 8) + footer.longAt(at + BLOCK.body);
    if (end > size) throw new Error(`a message up to byte ${end} of ${size}`);
    return { start, end };
  });
}

/** Throws if there are bytes that belong to no message: files were joined, or the footer lacks a batch. */
function requireNoGaps(blocks: readonly Block[], { name, size }: RandomAccess, footerBytes: number): void {
  const footer = { start: size - FOOTER_END_BYTES - footerBytes, end: size };
  let before = PADDED_MAGIC_BYTES + footerBytes; // the schema, which is also in the footer
  for (const { start, end } of [...blocks].sort((a, b) => a.start - b.start).concat(footer)) {
    if (start - before > MAX_PADDING_BYTES) {
      const found = `${start - before} bytes before byte ${start} that its footer does not name`;
      throw new UnreadableFileError(
        name,
        `expected an Arrow file with a whole footer, got ${found}; split joined files`,
      );
    }
    before = end;
  }
}

/** The schema in a footer as a message: a table that refers to it, before the bytes of the footer. */
function schemaMessage(footer: Buffer, root: Table): Buffer {
  const schema = root.table(1);
  if (schema === undefined) throw new Error('a footer without a schema');
  const [prefix, vtable, table, content] = [8, 12, 24, 40];
  const bytes = Buffer.alloc(Math.ceil((content + footer.length) / 8) * 8);
  bytes.writeUInt32LE(CONTINUATION, 0);
  bytes.writeUInt32LE(bytes.length - prefix, 4);
  bytes.writeUInt32LE(table - prefix, prefix);
  for (const [i, word] of [10, 12, 4, 6, 8].entries()) bytes.writeUInt16LE(word, vtable + 2 * i); // sizes, then places
  bytes.writeInt32LE(table - vtable, table);
  bytes.writeUInt16LE(root.byte(0), table + 4);
  bytes.writeUInt8(HEADER.schema, table + 6);
  bytes.writeUInt32LE(content + schema.at - (table + 8), table + 8);
  footer.copy(bytes, content);
  return bytes;
}
