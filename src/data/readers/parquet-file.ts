/**
 * @file Reads Parquet files (parquet.apache.org/docs/file-format) page by page, so that memory holds a page of each
 * column and not a row group, which may be the whole file.
 */
import { parquetMetadataAsync, parquetSchema, type FileMetaData, type SchemaTree } from 'hyparquet';
import { getTreePath } from 'hyparquet/src/schema.js';
import type { UnreadColumn } from '../column-faults.js';
import { undecodable, UnreadableFileError } from '../unreadable-file.js';
import { ColumnPages, encrypted, type Leaf } from './parquet-column.js';
import { PARQUET_MAGIC } from './parquet-magic.js';
import type { RandomAccess } from './random-access.js';

/** A Parquet file whose footer has been read. */
export interface ParquetFile {
  /** Columns with one value per row, as dotted paths: `ko`, `translation.ko`. */
  readonly columns: readonly string[];
  /** Columns with lists or maps. */
  readonly unread: readonly UnreadColumn[];
  /** The values of some of these columns, batch by batch: `values[column][row]`, undefined for a missing one. */
  readonly read: (columns: readonly string[]) => AsyncGenerator<unknown[][]>;
}

const MAGIC_BYTES = 4;

/** Reads the footer of a Parquet file. Throws an `InputError`, here and later, for damaged or encrypted data. */
export async function openParquet(access: RandomAccess): Promise<ParquetFile> {
  checkMagic(access);
  const file = { byteLength: access.size, slice: (start: number, end?: number) => sliceOf(access, start, end) };
  const metadata = await guarded(access.name, () => parquetMetadataAsync(file, { geoparquet: false }));
  const schema = guardedNow(access.name, () => parquetSchema(metadata));
  const leaves = guardedNow(access.name, () => flatLeaves(schema));
  return {
    columns: leaves.map(({ path }) => path.join('.')),
    unread: guardedNow(access.name, () => listsIn(schema)).map((name) => ({ name, kind: 'lists or maps' })),
    read: (columns) =>
      readColumns(
        access,
        metadata,
        columns.map((column) => leaves.find(({ path }) => path.join('.') === column)!),
      ),
  };
}

/** Columns that are not inside lists. */
function flatLeaves(root: SchemaTree): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (node: SchemaTree): void => {
    if (node.element.repetition_type === 'REPEATED') return;
    if (node.children.length > 0) for (const child of node.children) visit(child);
    else if (node.path.length > 0) leaves.push({ path: node.path, schemaPath: getTreePath(root, node.path) });
  };
  visit(root);
  return leaves;
}

/** The outermost names of columns that contain lists or maps. */
function listsIn(root: SchemaTree): string[] {
  const isList = ({ element, children }: SchemaTree): boolean =>
    element.repetition_type === 'REPEATED' || children.some(isList);
  return root.children.filter(isList).map(({ element }) => element.name);
}

async function* readColumns(
  access: RandomAccess,
  metadata: FileMetaData,
  leaves: readonly Leaf[],
): AsyncGenerator<unknown[][]> {
  for (const group of metadata.row_groups) {
    const columns = guardedNow(access.name, () => leaves.map((leaf) => new ColumnPages(access, group, leaf)));
    const rows = Number(group.num_rows);
    for (let done = 0; done < rows;) {
      for (const column of columns) if (column.values.length === 0) await guarded(access.name, () => column.readPage());
      const count = Math.min(rows - done, ...columns.map(({ values }) => values.length));
      yield columns.map((column) => column.take(count));
      done += count;
    }
  }
}

function checkMagic(access: RandomAccess): void {
  const [start, end] = [
    access.read(0, MAGIC_BYTES),
    access.read(Math.max(0, access.size - MAGIC_BYTES), MAGIC_BYTES),
  ].map(String);
  if (start === PARQUET_MAGIC.encrypted || end === PARQUET_MAGIC.encrypted) throw encrypted(access.name);
  if (start === PARQUET_MAGIC.plain && end === PARQUET_MAGIC.plain && access.size > 3 * MAGIC_BYTES) return;
  const found = start === PARQUET_MAGIC.plain ? `${access.size} bytes without the end of one` : 'something else';
  throw new UnreadableFileError(access.name, `expected a whole Parquet file, got ${found}; download or write it again`);
}

function sliceOf(access: RandomAccess, start: number, end = access.size): ArrayBuffer {
  const bytes = access.read(start, end - start);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

async function guarded<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw undecodable('Parquet', name, error);
  }
}

function guardedNow<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw undecodable('Parquet', name, error);
  }
}
