/** @file How much of the free memory a run may take, and which batch fits. */
import type { MemoryNeed } from '../engine/memory.js';

/**
 * Share of what is free that a run may take: the rest is for others on the machine, and for what the estimate lacks.
 */
export const USABLE_SHARE = 0.85;

/** Micro-batches larger than this gain nothing any more on any device. */
const LARGEST_BATCH = 4096;

/**
 * The largest micro-batch that fits by the estimate, a multiple of 8 from 8 on (tensor cores work in tiles of 8).
 *
 * @param free bytes
 * @returns 0 where not even one pair fits
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
