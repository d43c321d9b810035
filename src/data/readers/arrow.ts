/**
 * @file Arrow files and streams (arrow.apache.org/docs/format/Columnar.html), in which `datasets` stores its data, read
 * one record batch at a time.
 */
import { DataType, RecordBatchReader, type Field, type RecordBatch, type Schema, type Vector } from 'apache-arrow';
import type { UnreadColumn } from '../column-faults.js';
import { undecodable, UnreadableFileError } from '../unreadable-file.js';
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { allowCompressedBuffers } from './arrow-compression.js';
import { streamOf } from './arrow-footer.js';
import { soundMessages } from './arrow-messages.js';
import { UnreadColumns } from './arrow-unread.js';
import { valueReader } from './arrow-values.js';
import { rowOfValues } from './row-maker.js';
import { maxBytesOf, type StoredFile } from './stored-file.js';

/** The depth to which columns are searched for inside structures. */
const MAX_LEVELS = 8;

/** The beginning of an Arrow file. */
export interface ArrowBeginning {
  /** Its columns that have one value per row, as dotted paths. */
  readonly columns: readonly string[];
  readonly unread: readonly UnreadColumn[];
  /** The values of the first rows. */
  readonly rows: readonly (readonly unknown[])[];
}

/** Reads the columns and the first rows of an Arrow file or stream. Throws an `InputError` if it is damaged. */
export async function probeArrow(file: StoredFile, count: number): Promise<ArrowBeginning> {
  const unread = new UnreadColumns();
  let columns: readonly string[] = [];
  const onSchema = (schema: Schema): void => {
    columns = columnsOf(schema.fields);
  };
  for await (const batch of batchesOf(file, unread, onSchema)) {
    const rows = guarded(file.name, () => {
      const values = columns.map((column) => valuesOf(batch, column, file.name));
      return Array.from({ length: Math.min(count, batch.numRows) }, (_, row) => values.map((valueAt) => valueAt(row)));
    });
    return { columns, unread: unread.columns, rows };
  }
  return { columns, unread: unread.columns, rows: [] };
}

/** Reads the rows of an Arrow file or stream. Throws an `InputError` if it is damaged. */
export async function* readArrow({ id: file, files: [stored], corpus, columns }: PairSource): AsyncGenerator<Row[]> {
  const names = [columns.ko, columns.en, ...(columns.language === undefined ? [] : [columns.language])];
  let row = 0;
  for await (const batch of batchesOf(stored!)) {
    yield guarded(file, () => {
      const values = names.map((name) => valuesOf(batch, name, file));
      const rowAt = (i: number): Row => {
        const place = { file, row: ++row, corpus };
        return rowOfValues(
          place,
          columns,
          values.map((valueAt) => valueAt(i)),
        );
      };
      return Array.from({ length: batch.numRows }, (_, i) => rowAt(i));
    });
  }
}

/** Reads the batches that have rows; those without may lack the parts of structures. */
async function* batchesOf(
  file: StoredFile,
  unread = new UnreadColumns(),
  onSchema?: (schema: Schema) => void,
): AsyncGenerator<RecordBatch> {
  await allowCompressedBuffers();
  const pieces = soundMessages(streamOf(file), { name: file.name, bytes: maxBytesOf(file) }, unread);
  try {
    const reader = await RecordBatchReader.from(pieces);
    await reader.open();
    onSchema?.(reader.schema);
    for await (const batch of reader as AsyncIterable<RecordBatch>) {
      if (batch.numRows > 0) yield batch;
    }
  } catch (error) {
    throw undecodable('Arrow', file.name, error);
  } finally {
    await pieces.return(undefined);
  }
}

function guarded<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw undecodable('Arrow', name, error);
  }
}

function columnsOf(fields: readonly Field[], level = 0): string[] {
  if (level === MAX_LEVELS) return [];
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
      if (rest === name && !DataType.isStruct(type)) return valueReader(column);
      const inner = DataType.isStruct(type)
        ? find(type.children, rest.slice(name.length + 1), (child) => column.getChild(child))
        : undefined;
      if (inner !== undefined) return (row) => (column.isValid(row) ? inner(row) : undefined);
    }
    return undefined;
  };
  const values = find(batch.schema.fields, path, (name) => batch.getChild(name));
  if (values === undefined) {
    throw new UnreadableFileError(
      file,
      `expected the column ${path} in all of its batches, got one without; write the file again`,
    );
  }
  return values;
}
