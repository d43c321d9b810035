/** @file Reads the teacher's outputs of any rows from a cache's shards, each of which is opened when first needed. */
import { join } from 'node:path';
import type { Split } from '../../data/store/splits.js';
import { sizeOf } from '../../base/shape.js';
import { openShard, type Shard } from './shard.js';
import { rangesInShards, type ShardPlace } from './shard-places.js';

/** The shards of a cache. */
export class ShardReader {
  readonly #open = new Map<string, Promise<Shard>>();

  /**
   * @param folder the cache's folder
   * @param places all shards of the cache
   * @param shardRows the rows of a shard, except for the last of a split
   * @param shape the shape of one sentence's outputs
   */
  constructor(
    readonly folder: string,
    readonly places: readonly ShardPlace[],
    readonly shardRows: number,
    readonly shape: readonly number[],
  ) {}

  /**
   * The outputs of rows of a split, in the order of `rows`: `[rows, …]`, row-major.
   *
   * @throws InputError for a damaged file
   */
  async read(split: Split, rows: Uint32Array): Promise<Float32Array> {
    const width = sizeOf(this.shape);
    const outputs = new Float32Array(rows.length * width);
    let done = 0;
    for (const { from, count } of rangesInShards(rows, this.shardRows)) {
      const inShard = from % this.shardRows;
      const place = this.places.find((each) => each.split === split && each.from === from - inShard)!;
      outputs.set(await (await this.open(place)).read(inShard, count), done * width);
      done += count;
    }
    return outputs;
  }

  /**
   * A shard, opened if it is not open yet.
   *
   * @throws InputError if its file is not that shard
   */
  open({ name, rows }: ShardPlace): Promise<Shard> {
    const shard = this.#open.get(name) ?? openShard(join(this.folder, name), [rows, ...this.shape]);
    this.#open.set(name, shard);
    return shard;
  }

  /** Closes the files that are open. */
  async close(): Promise<void> {
    for (const opened of this.#open.values())
      await opened.then(
        (shard) => shard.close(),
        () => undefined,
      );
    this.#open.clear();
  }
}
