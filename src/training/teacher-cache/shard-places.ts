/** @file Which rows of the data are in which file of the teacher's outputs. */
import type { Split } from '../../data/store/splits.js';

/** Which rows of the data a shard holds. */
export interface ShardPlace {
  readonly split: Split;
  readonly name: string;
  /** Its first row. */
  readonly from: number;
  readonly rows: number;
}

/** The shards of a split, in the order of its rows. */
export function shardPlaces(split: Split, pairs: number, shardRows: number): ShardPlace[] {
  return Array.from({ length: Math.ceil(pairs / shardRows) }, (_, number) => ({
    split,
    name: `${split}-${String(number).padStart(5, '0')}.safetensors`,
    from: number * shardRows,
    rows: Math.min(shardRows, pairs - number * shardRows),
  }));
}

/** A range of rows, all in one shard. */
export interface RowRange {
  readonly from: number;
  readonly count: number;
}

/** Divides rows into ranges of consecutive ones, each of which can be read at once. */
export function rangesInShards(rows: Uint32Array, shardRows: number): RowRange[] {
  const ranges: { from: number; count: number }[] = [];
  for (const row of rows) {
    const last = ranges.at(-1);
    const continues = last !== undefined && row === last.from + last.count && row % shardRows !== 0;
    if (continues) last.count++;
    else ranges.push({ from: row, count: 1 });
  }
  return ranges;
}
