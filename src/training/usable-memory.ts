/** @file How much of the free memory a run may use, and the largest batch that fits. */
import type { MemoryNeed } from '../engine/memory.js';

/** Share of the free memory that a run may use; the rest is for other processes and errors of the estimate. */
export const USABLE_SHARE = 0.85;

/** Larger micro-batches bring nothing on any device. */
const LARGEST_BATCH = 4096;

/**
 * The largest micro-batch that fits by the estimate: a multiple of 8, as tensor cores work in tiles of 8, or less than
 * 8.
 *
 * @param free free bytes
 * @returns 0 if not even one pair fits
 */
export function largestBatch(need: MemoryNeed, free: number): number {
  const fits = (batchSize: number): boolean => need(batchSize) <= USABLE_SHARE * free;
  let [low, high] = [0, LARGEST_BATCH]; // low fits, high + 1 does not
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low >= 8 ? low - (low % 8) : low;
}
