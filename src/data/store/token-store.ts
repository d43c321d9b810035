/** @file Reads a token store: random access to rows, with only a few blocks of rows in memory. */
import { lruCache } from '../../base/lru-cache.js';
import type { CorpusName } from '../corpus-name.js';
import { readManifest, type Manifest, type ShardFile } from './manifest.js';
import { BATCH_ROWS, idTypes } from './schema.js';
import type { Split } from './splits.js';
import { openShard, type RowBlock, type ShardReader } from './shard-reader.js';

/** Blocks in memory, some 300 kB each: for the current batch, the next ones, and the other split. */
const HELD_BLOCKS = 16;

/** A row: number `place` in `block`. */
export interface LocatedRow {
  readonly block: RowBlock;
  readonly place: number;
}

/** The rows of one split, in the order of use. */
export interface StoreRows {
  readonly count: number;
  /** Reads consecutive rows, beginning with number `start` (from 0). */
  readonly read: (start: number, count: number) => Promise<LocatedRow[]>;
}

/** A token store, open for reading. */
export interface TokenStore {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly training: StoreRows;
  readonly validation: StoreRows;
  /** Verifies the checksums of all files now, not only when their rows are first read. Throws an `InputError`. */
  readonly check: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens a store. Throws an `InputError` for a folder that is not one, or is incomplete. */
export async function openStore(folder: string): Promise<TokenStore> {
  const manifest = await readManifest(folder);
  const { teacher, student } = manifest.tokenizers;
  const types = idTypes({ teacher: teacher.vocab_size, student: student.vocab_size });
  const shards = new Map<string, Promise<ShardReader>>();
  const shardOf = (shard: ShardFile): Promise<ShardReader> => {
    const reader = shards.get(shard.file) ?? openShard(folder, shard, types);
    shards.set(shard.file, reader);
    return reader;
  };
  const recentBlock = lruCache<RowBlock>(HELD_BLOCKS);
  const rowsOf = (split: Split): StoreRows => {
    const files = manifest.shards.filter((shard) => shard.split === split);
    const ends = cumulated(files.map(({ rows }) => rows));
    const blockOf = (shard: ShardFile, index: number): Promise<RowBlock> =>
      recentBlock(`${shard.file} ${index}`, async () => (await shardOf(shard)).block(index));
    const read = async (start: number, count: number): Promise<LocatedRow[]> => {
      const end = ends.at(-1) ?? 0;
      if (!(start >= 0 && start + count <= end))
        throw new RangeError(`rows ${start} to ${start + count - 1} of ${end}`);
      const located: Promise<LocatedRow[]>[] = [];
      for (let number = start; number < start + count;) {
        const shard = firstAbove(ends, number);
        const inShard = number - (shard === 0 ? 0 : ends[shard - 1]!);
        const place = inShard % BATCH_ROWS;
        const here = Math.min(start + count - number, BATCH_ROWS - place, ends[shard]! - number);
        const block = blockOf(files[shard]!, (inShard - place) / BATCH_ROWS);
        located.push(block.then((rows) => Array.from({ length: here }, (_, i) => ({ block: rows, place: place + i }))));
        number += here;
      }
      return (await Promise.all(located)).flat();
    };
    return { count: ends.at(-1) ?? 0, read };
  };
  const close = async (): Promise<void> => {
    for (const shard of await Promise.allSettled(shards.values()))
      if (shard.status === 'fulfilled') await shard.value.close();
    shards.clear();
  };
  const check = async (): Promise<void> => {
    for (const shard of manifest.shards) await shardOf(shard);
  };
  return { folder, manifest, training: rowsOf('training'), validation: rowsOf('validation'), check, close };
}

/** The texts and the corpus of a row. */
export function textsOf({ block, place }: LocatedRow): { ko: string; en: string; corpus: CorpusName } {
  const valueOf = <T>(column: string): T => block.batch.getChild(column)!.get(place) as T;
  return { ko: valueOf('ko'), en: valueOf('en'), corpus: valueOf('corpus') };
}

function cumulated(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map((count) => (sum += count));
}

/** The index of the first end above a number. */
function firstAbove(ends: readonly number[], number: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > number) high = middle;
    else low = middle + 1;
  }
  return low;
}
