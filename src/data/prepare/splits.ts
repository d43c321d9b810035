/**
 * @file Splits pairs into training and validation. A pair is for validation if its seeded hash is below a threshold,
 *   the requested fraction of all hashes. So its split depends neither on other pairs nor on their number: a validation
 *   pair among 250,000 is one among a million, too. Pairs that share a text are in the same split: if duplicates of a
 *   text are kept, the hash of one pair decides for all pairs that are connected through shared texts.
 */
import { hashSeeded, PURPOSE } from './hash.js';
import { RowTable } from './duplicates.js';
import type { RowFacts } from './spill.js';

/** What a row is used for. */
export const SPLIT = { none: 0, training: 1, validation: 2 } as const;

/** Every 32-bit hash is below this. */
const HASHES = 2 ** 32;

/** The threshold below which pairs are for validation. */
export function thresholdOf(validFraction: number): number {
  return validFraction * HASHES;
}

/**
 * The hash that decides the split of each row in use.
 *
 * @param group the row that represents each row's group, from `groupsByText`; undefined if no texts are shared
 */
export function splitHash(
  { pairHash }: RowFacts,
  seed: number,
  group: Uint32Array | undefined,
): (row: number) => number {
  const out = new Uint32Array(2);
  return (row) => {
    const decider = group === undefined ? row : group[row]!;
    hashSeeded(pairHash[2 * decider]!, pairHash[2 * decider + 1]!, seed, PURPOSE.split, out);
    return out[1]!;
  };
}

/**
 * Groups the rows that are connected through equal texts: maps each row to the first of its group in the order of
 * hashes. Union by order, with path halving (R. Tarjan and J. van Leeuwen, 1984, doi:10.1145/62.2160).
 *
 * @param order the rows in use, by hash
 * @param count the number of all rows
 */
export function groupsByText(facts: RowFacts, order: Uint32Array, count: number): Uint32Array {
  const rank = new Uint32Array(count);
  const parent = new Uint32Array(count);
  order.forEach((row, place) => {
    rank[row] = place;
    parent[row] = row;
  });
  const rootOf = (row: number): number => {
    let at = row;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  for (const hash of [facts.koHash, facts.enHash]) {
    const seen = new RowTable(hash, order.length);
    for (const row of order) {
      const other = seen.find(row);
      if (other < 0) {
        seen.add(row);
        continue;
      }
      const [a, b] = [rootOf(row), rootOf(other)];
      if (rank[a]! < rank[b]!) parent[b] = a;
      else parent[a] = b;
    }
  }
  for (const row of order) parent[row] = rootOf(row);
  return parent;
}

/**
 * Moves the threshold just far enough for an empty split to get the nearest pair. Training takes precedence.
 *
 * @param lowest the lowest of the hashes that decide the splits of the pairs used
 * @param highest the highest of them
 */
export function adjustThreshold(threshold: number, lowest: number, highest: number): number {
  if (threshold === 0) return threshold;
  if (highest < threshold) return highest;
  return lowest >= threshold && lowest < highest ? lowest + 1 : threshold;
}

/**
 * How many of the last pairs are for validation if the order of the files is kept: at least one, leaving at least one
 * for training.
 */
export function validationCount(count: number, validFraction: number): number {
  if (validFraction === 0) return 0;
  return Math.min(Math.max(Math.round(count * validFraction), 1), count - 1);
}
