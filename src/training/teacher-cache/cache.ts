/**
 * @file The teacher's outputs on disk, so that later epochs and runs need not compute them.
 *
 * There is one folder per key (teacher, tokenizer and data). It holds shards of the outputs in the order of the data's
 * rows: `training-00000.safetensors`, … and `validation-00000.safetensors`, …. A shard gets its name once it is
 * complete.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Batch, Batches } from '../../data/batches.js';
import { InputError } from '../../base/errors.js';
import { isPendingName } from '../../base/files.js';
import { fileError, isMissing } from '../../base/system-errors.js';
import { checkIsWritable, makeFolders } from '../../base/folders.js';
import { removeStaleFiles } from '../../base/stale-files.js';
import { SPLITS, type Split } from '../../data/store/splits.js';
import { sizeOf } from '../../base/shape.js';
import { cacheFolder, type CacheKey } from './cache-folder.js';
import { BYTES_A_VALUE, createShard } from './shard.js';
import { shardPlaces, type ShardPlace } from './shard-places.js';
import { ShardReader } from './shard-reader.js';

/** Bytes to verify between checks for a stop request. */
const CHECKED_AT_ONCE = 2 ** 24;

/** The teacher's outputs for a run's data, on disk. */
export interface TeacherCache {
  readonly folder: string;
  /** Bytes still to be written. */
  readonly missingBytes: number;
  /** Bytes already on disk. */
  readonly presentBytes: number;
  /**
   * Reads and verifies everything already on disk.
   *
   * @param onBytes called with how many more bytes are verified
   * @throws InputError for the first damaged file
   */
  check(onBytes: (bytes: number) => void | Promise<void>): Promise<void>;
  /**
   * Checks that what is missing can be written. Changes nothing.
   *
   * @throws InputError
   */
  checkFillable(): Promise<void>;
  /**
   * Computes and writes what is missing.
   *
   * @param teacherOutputs computes the teacher's outputs for a batch
   * @param onPairs called with how many more pairs are done; those already on disk count
   */
  fill(
    teacherOutputs: (batch: Batch) => Promise<Float32Array>,
    onPairs: (pairs: number) => void | Promise<void>,
  ): Promise<void>;
  /** Adds targets to batches of a split's rows, in any order. `close` closes the files that this opens. */
  withTargets(split: Split, batches: Batches): Batches;
  close(): Promise<void>;
}

/**
 * Bytes that the teacher's outputs take on disk, not counting headers and checksums.
 *
 * @param shape the shape of one sentence's outputs
 */
export function outputBytes(pairs: number, shape: readonly number[]): number {
  return pairs * sizeOf(shape) * BYTES_A_VALUE;
}

/**
 * Opens the cache for a key, complete or not. Creates nothing, so that a complete one may be read-only.
 *
 * @param root the folder of all caches
 * @param data the batches, in row order
 * @param shape the shape of one sentence's outputs
 * @param shardBytes the most bytes of outputs in one file
 */
export async function openTeacherCache(
  root: string,
  key: CacheKey,
  data: Readonly<Record<Split, Batches>>,
  shape: readonly number[],
  shardBytes = 1e9,
): Promise<TeacherCache> {
  const width = sizeOf(shape);
  const shardRows = Math.max(1, Math.floor(shardBytes / (BYTES_A_VALUE * width)));
  const folder = cacheFolder(root, key);
  removeStaleFiles(folder, isPendingName);
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (isMissing(error)) return [];
    throw fileError(folder, 'cannot be read', error);
  });
  const shards = SPLITS.flatMap((split) => shardPlaces(split, data[split].pairs, shardRows));
  const missing = shards.filter(({ name }) => !names.includes(name));
  const reader = new ShardReader(folder, shards, shardRows, shape);
  const rowsAtOnce = Math.max(1, Math.floor(CHECKED_AT_ONCE / (BYTES_A_VALUE * width)));

  return {
    folder,
    missingBytes: bytesOf(missing),
    presentBytes: bytesOf(shards) - bytesOf(missing),
    async check(onBytes) {
      for (const place of shards.filter((shard) => !missing.includes(shard))) {
        const shard = await reader.open(place);
        for (let row = 0; row < place.rows; row += rowsAtOnce) {
          const count = Math.min(rowsAtOnce, place.rows - row);
          await shard.check(row, count);
          await onBytes(count * width * BYTES_A_VALUE);
        }
      }
    },
    async checkFillable() {
      await checkIsWritable(folder).catch((error: unknown) => {
        if (!(error instanceof InputError)) throw error;
        throw error.add(
          `${missing.length} of its ${shards.length} files are missing: let whoever may write there fill it, or name ` +
            'another folder with --cache-teacher',
        );
      });
    },
    async fill(teacherOutputs, onPairs) {
      await makeFolders(folder).catch((error: unknown) => {
        throw fileError(folder, 'cannot be made', error);
      });
      for (const shard of shards) {
        // Another process may have written it meanwhile.
        if (missing.includes(shard) && !existsSync(join(folder, shard.name)))
          await fillShard(
            join(folder, shard.name),
            shard,
            { batches: data[shard.split], shape },
            teacherOutputs,
            onPairs,
          );
        else await onPairs(shard.rows);
      }
    },
    withTargets: (split, batches) => ({
      ...batches,
      at: async (index, epoch) => {
        const batch = await batches.at(index, epoch);
        return { ...batch, target: await reader.read(split, batch.rows) };
      },
    }),
    close: () => reader.close(),
  };

  function bytesOf(places: readonly ShardPlace[]): number {
    return places.reduce((sum, { rows }) => sum + outputBytes(rows, shape), 0);
  }
}

/**
 * Computes the teacher's outputs for a shard's rows and writes them.
 *
 * @param batches those of the shard's split, in row order
 * @param shape the shape of one sentence's outputs
 */
async function fillShard(
  path: string,
  { from, rows }: ShardPlace,
  { batches, shape }: { readonly batches: Batches; readonly shape: readonly number[] },
  teacherOutputs: (batch: Batch) => Promise<Float32Array>,
  onPairs: (pairs: number) => void | Promise<void>,
): Promise<void> {
  const width = sizeOf(shape);
  const writer = await createShard(path, [rows, ...shape]);
  try {
    const size = (await batches.at(0)).size; // all batches but the last have this size
    for (let index = Math.floor(from / size); index * size < from + rows; index++) {
      const batch = await batches.at(index);
      const outputs = await teacherOutputs(batch);
      // the part of the batch that lies in this shard
      const [first, end] = [Math.max(from - index * size, 0), Math.min(from + rows - index * size, batch.size)];
      await writer.write(index * size + first - from, outputs.subarray(first * width, end * width));
      await onPairs(end - first);
    }
    await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
