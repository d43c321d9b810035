/**
 * @file Arrow files and streams (arrow.apache.org/docs/format/Columnar.html), in which `datasets` stores its data, read
 * one record batch at a time.
 */
import { DataType, RecordBatchReader, type Field, type RecordBatch, type Schema, type Vector } from 'apache-arrow';
import { InputError, messageOf } from '../../base/errors.js';
import { UnreadableFile } from '../unreadable-file.js';
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { allowCompressedBuffers } from './arrow-compression.js';
import { soundMessages, UnknownArrowType } from './arrow-messages.js';
import { rowOfValues } from './row-maker.js';
import { readPieces, type StoredFile } from './stored-file.js';

/** An Arrow file is a stream between these words, with a footer before the last. */
export const ARROW_FILE_MAGIC = Buffer.from('ARROW1');
const PADDED_MAGIC_BYTES = 8;

/** The last bytes of a stream: a message of no length. */
const END_OF_STREAM = Buffer.from('ffffffff00000000', 'hex');

/** The depth to which columns inside structures are found. */
const MOST_LEVELS = 8;

/** The columns of an Arrow file with one value per row, as dotted paths, and the first rows' values in them. */
export async function probeArrow(
  file: StoredFile,
  count: number,
): Promise<{ readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] }> {
  let columns: readonly string[] = [];
  const onSchema = (schema: Schema): void => {
    columns = columnsOf(schema.fields);
  };
  for await (const batch of batchesOf(file, onSchema)) {
    const values = columns.map((column) => valuesOf(batch, column, file.name));
    const rows = Math.min(count, batch.numRows);
    return { columns, rows: Array.from({ length: rows }, (_, row) => values.map((valueAt) => valueAt(row))) };
  }
  return { columns, rows: [] };
}

/** The rows of an Arrow file or stream. Throws an `InputError` for a damaged one. */
export async function* readArrow({ id: file, files: [stored], corpus, columns }: PairSource): AsyncGenerator<Row[]> {
  const names = [columns.ko, columns.en, ...(columns.language === undefined ? [] : [columns.language])];
  let row = 0;
  for await (const batch of batchesOf(stored!)) {
    const values = names.map((name) => valuesOf(batch, name, file));
    const rowAt = (i: number): Row => {
      const place = { file, row: ++row, corpus };
      return rowOfValues(
        place,
        columns,
        values.map((valueAt) => valueAt(i)),
      );
    };
    yield Array.from({ length: batch.numRows }, (_, i) => rowAt(i));
  }
}

async function* batchesOf(file: StoredFile, onSchema?: (schema: Schema) => void): AsyncGenerator<RecordBatch> {
  allowCompressedBuffers();
  const pieces = soundMessages(streamIn(readPieces(file), file.name), file.bytes);
  try {
    const reader = await RecordBatchReader.from(pieces);
    await reader.open();
    onSchema?.(reader.schema);
    for await (const batch of reader as AsyncIterable<RecordBatch>) {
      yield batch;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof UnknownArrowType) {
      const found = `expected columns with one value per row, got ${error.message}`;
      throw new UnreadableFile(file.name, `${found}; write the table as Parquet or CSV`);
    }
    throw new UnreadableFile(
      file.name,
      `expected a sound Arrow file, got one that is damaged or not supported (${messageOf(error)}); write it again`,
    );
  } finally {
    await pieces.return(undefined);
  }
}

/** The stream that a file is, or contains. Throws an `InputError` if it does not end like a stream. */
async function* streamIn(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let [size, isFile] = [0, false];
  let last = Buffer.alloc(0);
  for await (const piece of pieces) {
    if (size === 0) isFile = piece.subarray(0, ARROW_FILE_MAGIC.length).equals(ARROW_FILE_MAGIC);
    yield size === 0 && isFile ? piece.subarray(PADDED_MAGIC_BYTES) : piece;
    size += piece.length;
    last = Buffer.concat([last, piece.subarray(-END_OF_STREAM.length)]).subarray(-END_OF_STREAM.length);
  }
  if (last.equals(END_OF_STREAM) || (isFile && last.subarray(-ARROW_FILE_MAGIC.length).equals(ARROW_FILE_MAGIC)))
    return;
  throw new UnreadableFile(
    name,
    `expected Arrow data up to its end mark, got ${size} bytes without; write the file again`,
  );
}

function columnsOf(fields: readonly Field[], level = 0): string[] {
  if (level === MOST_LEVELS) return [];
  return fields.flatMap(({ name, type }) =>
    DataType.isStruct(type) ? columnsOf(type.children, level + 1).map((inner) => `${name}.${inner}`) : [name],
  );
}

/** The values of a column of a batch; undefined if there are none. */
function valuesOf(batch: RecordBatch, path: string, file: string): (row: number) => unknown {
  const find = (
    fields: readonly Field[],
    rest: string,
    childOf: (name: string) => Vector | null,
  ): ((row: number) => unknown) | undefined => {
    for (const { name, type } of fields) {
      const column = rest === name || rest.startsWith(`${name}.`) ? childOf(name) : null;
      if (column === null) continue;
      if (rest === name && !DataType.isStruct(type)) return (row) => column.get(row) as unknown;
      const inner = DataType.isStruct(type)
        ? find(type.children, rest.slice(name.length + 1), (child) => column.getChild(child))
        : undefined;
      if (inner !== undefined) return (row) => (column.isValid(row) ? inner(row) : undefined);
    }
    return undefined;
  };
  const values = find(batch.schema.fields, path, (name) => batch.getChild(name));
  if (values === undefined) {
    throw new UnreadableFile(
      file,
      `expected the column ${path} in all of its batches, got one without; write the file again`,
    );
  }
  return values;
}
