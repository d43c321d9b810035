import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import {
  RecordBatchReader,
  type AsyncRecordBatchFileReader,
  type Data,
  type List,
  type RecordBatch,
  type Vector,
} from 'apache-arrow';
import { InputError, messageOf } from '../../base/errors.js';
import { hashOpenFile } from '../../base/file-hash.js';
import { fileError, isSystemError } from '../../base/system-errors.js';
import type { ShardFile } from './manifest.js';
import { ID_COLUMNS, type IdColumn } from './id-columns.js';
import { storeSchema, type IdType } from './schema.js';

/** Ids of up to 1024 rows: those of row i are `ids[starts[i]]` to `ids[starts[i + 1] − 1]`. */
export interface IdLists {
  readonly ids: Uint16Array | Uint32Array;
  readonly starts: Int32Array;
}

/** The rows of a shard that are read together. */
export interface RowBlock {
  readonly columns: Readonly<Record<IdColumn, IdLists>>;
  readonly batch: RecordBatch;
}

/** One Arrow file, whose record batches can be read in any order. */
export interface ShardReader {
  /** Throws an `InputError` if the file has been changed since it was opened. */
  block(index: number): Promise<RowBlock>;
  close(): Promise<void>;
}

/**
 * Opens a shard and verifies its checksum. Throws an `InputError` for one that was changed or cannot be read.
 *
 * @param types those of the ids, in the order of `ID_COLUMNS`
 */
export async function openShard(folder: string, shard: ShardFile, types: readonly IdType[]): Promise<ShardReader> {
  const path = join(folder, shard.file);
  const handle = await open(path).catch((error: unknown) => {
    const isShortage = ['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (isShortage) throw fileError(path, 'cannot be read', error); // the data itself is fine
    throw new InputError(`${path}: expected a file that can be read, but ${messageOf(error)}; prepare the data again`);
  });
  try {
    let version = await versionOf(handle, path);
    await verify(handle, path, shard);
    const reader = await sound(path, () => openFile(handle, types));
    let last: Promise<unknown> = Promise.resolve();
    /** Verifies the checksum again if something was written to the file, which training may read for days. */
    const recheck = async (): Promise<void> => {
      const now = await versionOf(handle, path);
      if (now === version) return;
      await verify(handle, path, shard);
      version = now;
    };
    return {
      block(index) {
        // The reader has a single position in its file, so only one read at a time.
        const block = last.then(recheck).then(() => sound(path, () => readBlock(reader, index)));
        last = block.catch(() => undefined);
        return block;
      },
      close: () => last.then(() => handle.close()),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Decodes the file. Throws an `InputError` if the decoder fails, as it may even with a valid checksum, which can be
 * recomputed. The decoder trusts the lengths in Arrow's metadata; running out of memory on false ones is not caught.
 */
async function sound<T>(path: string, decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (error) {
    if (isSystemError(error)) throw fileError(path, 'cannot be read', error);
    throw new InputError(
      `${path}: expected an Arrow file of a token store, but ${messageOf(error)}; prepare the data again`,
    );
  }
}

async function openFile(handle: FileHandle, types: readonly IdType[]): Promise<AsyncRecordBatchFileReader> {
  const reader = (await RecordBatchReader.from(handle)) as AsyncRecordBatchFileReader;
  await reader.open();
  if (String(reader.schema) !== String(storeSchema(types))) throw new Error('its columns differ');
  return reader;
}

async function readBlock(reader: AsyncRecordBatchFileReader, index: number): Promise<RowBlock> {
  const batch = await reader.readRecordBatch(index);
  if (batch === null) throw new Error(`it has no record batch ${index}`);
  for (const column of batch.data.children) checkOffsets(column);
  return { columns: idColumnsOf(batch), batch };
}

/** Throws if texts or lists are not consecutive, or exceed their values. */
function checkOffsets({ valueOffsets, values, children, length }: Data): void {
  if (!(valueOffsets instanceof Int32Array)) return; // neither texts nor lists
  const end = children.length > 0 ? children[0]!.length : (values as Uint8Array).length;
  let last = 0;
  for (let i = 0; i <= length; i++) {
    if (!(valueOffsets[i]! >= last && valueOffsets[i]! <= end))
      throw new Error(`value ${i} of a column is at ${valueOffsets[i]}, outside ${last} to ${end}`);
    last = valueOffsets[i]!;
  }
}

/** Changes whenever something is written to a file. */
async function versionOf(handle: FileHandle, path: string): Promise<string> {
  try {
    const { size, mtimeNs } = await handle.stat({ bigint: true });
    return `${size} ${mtimeNs}`;
  } catch (error) {
    throw fileError(path, 'cannot be read', error);
  }
}

async function verify(handle: FileHandle, path: string, { sha256 }: ShardFile): Promise<void> {
  const hash = createHash('sha256');
  await hashOpenFile(handle, hash);
  const found = hash.digest('hex');
  if (found !== sha256)
    throw new InputError(`${path}: expected the SHA-256 ${sha256}, got ${found}; prepare the data again`);
}

function idColumnsOf(batch: RecordBatch): Record<IdColumn, IdLists> {
  const lists = ID_COLUMNS.map((column): [IdColumn, IdLists] => {
    const lists = (batch.getChild(column) as Vector<List<IdType>>).data[0]!;
    return [
      column,
      { ids: lists.children[0]!.values as Uint16Array | Uint32Array, starts: lists.valueOffsets as Int32Array },
    ];
  });
  return Object.fromEntries(lists) as Record<IdColumn, IdLists>;
}
