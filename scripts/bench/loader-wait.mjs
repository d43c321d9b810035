/** How long training waits for its batches. */
import { setTimeout as wait } from 'node:timers/promises';

/** @import { Batches } from '#dist/data/batches.js' */

/** Milliseconds between batches: far less than a full-size step, so the next batch has less time to be read. */
const PAUSE_MS = 25;

/**
 * Requests batches as the training loop does, starting in the middle.
 *
 * @param {Batches} batches
 * @param {number} most batches to ask for
 * @returns {Promise<{ seek: number, mean: number, most: number, count: number }>} milliseconds of the first, and of
 *   those after it
 */
export async function loaderWait(batches, most) {
  const first = batches.count >> 1;
  /** @type {number[]} */
  const times = [];
  for (let i = 0; i < Math.min(most, batches.count - first); i++) {
    const asked = performance.now();
    await batches.at(first + i);
    times.push(performance.now() - asked);
    await wait(PAUSE_MS);
  }
  const [seek = NaN, ...later] = times;
  const mean = later.reduce((sum, ms) => sum + ms, 0) / later.length;
  return { seek, mean, most: Math.max(...later), count: later.length };
}
