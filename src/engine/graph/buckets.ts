/** @file Buckets: how the values to be summed over devices are divided among messages, as in PyTorch's DDP. */

/** How many messages carry a step's values: a single one takes several times as long, and each adds overhead. */
const BUCKETS = 16;
/** The fewest values per bucket: below 1 MB a message's overhead outweighs its contents. */
const MIN_VALUES = 2 ** 18;

/** A range of one flat tensor in a bucket. */
export interface Piece {
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

/** Cuts flat tensors, laid end to end, into buckets of the given number of values. */
export function bucketsOf(sizes: readonly (readonly [name: string, size: number])[], values: number): Piece[][] {
  const buckets: Piece[][] = [];
  let free = 0;
  for (const [name, all] of sizes) {
    for (let start = 0; start < all;) {
      if (free === 0) {
        buckets.push([]);
        free = values;
      }
      const size = Math.min(all - start, free);
      buckets.at(-1)!.push({ name, start, size });
      start += size;
      free -= size;
    }
  }
  return buckets;
}

/**
 * How many values a message carries.
 *
 * @param all how many values are summed
 * @returns a multiple of the number of devices, so that all have equal shares
 */
export function valuesPerBucket(all: number, devices: number): number {
  return devices * Math.ceil(Math.max(all / BUCKETS, MIN_VALUES) / devices);
}

/** How many messages carry the given number of values. */
export function messagesFor(all: number, devices: number): number {
  return Math.ceil(all / valuesPerBucket(all, devices));
}
