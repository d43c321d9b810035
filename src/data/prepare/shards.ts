/** @file Distributes rows over shards, and encodes as many shards as needed. */
import type { Encoded, EncodeJob, EncodeSegment } from './encode.js';
import type { Rows } from './rows.js';
import { PARTITIONS } from './spill.js';
import type { LongChoice } from './settings.js';
import type { WorkerPool } from './workers.js';

/** The most rows of a shard, roughly. */
const SHARD_ROWS = 1 << 16;

/** A range of a spill file. */
interface SegmentRange extends Omit<EncodeSegment, 'splits'> {
  readonly rows: number;
}

/** The rows of a shard. */
export interface Shard {
  readonly number: number;
  readonly segments: readonly SegmentRange[];
  /** Rows in use. */
  readonly rows: number;
}

/**
 * Divides rows into shards in the order of their keys. Each shard has an equal share of the partitions, and their
 * number is a power of two that depends only on the number of rows in use. If the order of the files is kept, each run
 * is a shard.
 */
export function planShards(rows: Rows, splits: Uint8Array, isOrdered: boolean): Shard[] {
  const used = splits.reduce((count, split) => count + Number(split !== 0), 0);
  const shardCount = Math.min(2 ** Math.ceil(Math.log2(Math.max(used / SHARD_ROWS, 1))), PARTITIONS);
  const share = PARTITIONS / shardCount;
  const segmentOf = (run: number, from: number, to: number): SegmentRange => {
    const { file, byteStarts, rowStarts } = rows.runs[run]!;
    return {
      file,
      from: byteStarts[from]!,
      to: byteStarts[to]!,
      firstRow: rows.runStarts[run]! + rowStarts[from]!,
      rows: rowStarts[to]! - rowStarts[from]!,
    };
  };
  const segmentsOf = isOrdered
    ? rows.runs.map((_, run) => [segmentOf(run, 0, 1)])
    : Array.from({ length: shardCount }, (_, shard) =>
        rows.runs.map((_, run) => segmentOf(run, shard * share, (shard + 1) * share)),
      );
  return segmentsOf.map((segments, number) => ({
    number,
    segments: segments.filter((segment) => segment.rows > 0),
    rows: segments.reduce((sum, { firstRow, rows: count }) => sum + countUsed(splits, firstRow, count), 0),
  }));
}

/**
 * Encodes shards in order until enough rows are used: in parallel while those in progress hold no more rows than are
 * still needed, then one by one, as the number of rows that are too long is not known beforehand.
 */
export async function encodeShards(
  shards: readonly Shard[],
  splits: Uint8Array,
  {
    samples = Infinity,
    long,
    folder,
  }: { readonly samples?: number | undefined; readonly long: LongChoice; readonly folder: string },
  pool: WorkerPool,
  onRows: (rows: number) => void,
): Promise<Encoded[]> {
  const results: Encoded[] = [];
  let wanted = samples;
  for (let next = 0; next < shards.length && wanted > 0;) {
    const together = shards.slice(next, next + Math.max(countThatFit(shards.slice(next), wanted), 1));
    const jobs = together.map(({ number, segments }): EncodeJob => ({
      kind: 'encode',
      shard: number,
      limit: wanted,
      long,
      folder,
      segments: segments.map(({ rows, ...segment }) => ({
        ...segment,
        splits: splits.slice(segment.firstRow, segment.firstRow + rows),
      })),
    }));
    for (const result of await pool.runAll(jobs, onRows)) {
      results.push(result);
      wanted -= result.used.length;
    }
    next += together.length;
  }
  return results;
}

/** How many of the first shards together hold no more rows than are needed. */
function countThatFit(shards: readonly Shard[], wanted: number): number {
  let sum = 0;
  const first = shards.findIndex(({ rows }) => (sum += rows) > wanted);
  return first === -1 ? shards.length : first;
}

function countUsed(splits: Uint8Array, from: number, count: number): number {
  let used = 0;
  for (let row = from; row < from + count; row++) if (splits[row] !== 0) used++;
  return used;
}
