/**
 * @file Which pairs train and which validate. A pair validates if its seeded hash lies below a border, the fraction
 * asked for of all hashes: so its side depends on neither the other pairs nor their number, and a pair that validates
 * among 250,000 validates among a million too. Pairs that share a text are on one side: where duplicates of a text are
 * kept, all pairs that hang together through texts go by the hash of one of them.
 */
import { hashSeeded, PURPOSE } from './hash.js';
import { RowTable } from './duplicates.js';
import type { RowFacts } from './spill.js';

/** What a row is used for. */
export const SIDE = { none: 0, training: 1, validation: 2 } as const;

/** All that a 32-bit hash can be below. */
const HASHES = 2 ** 32;

/** The border below which pairs validate. */
export function borderOf(validFraction: number): number {
  return validFraction * HASHES;
}

/**
 * The hash that decides the side of each row in use.
 *
 * @param group the row that stands for each row's group, from `groupsByText`; undefined where no texts are shared
 */
export function sideHash(
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
 * Groups the rows that hang together through equal texts: to each row the first of its group in the order of hashes.
 * Union by order, with path halving (R. Tarjan and J. van Leeuwen, 1984, doi:10.1145/62.2160).
 *
 * @param order the rows in use, by hash
 * @param count of all rows
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
 * The border moved so far that a side which the hashes leave empty gets the pair nearest to it; training comes first.
 *
 * @param lowest of the hashes that decide the sides of the pairs used
 * @param highest of these
 */
export function borderThatLeavesNoneEmpty(border: number, lowest: number, highest: number): number {
  if (border === 0) return border;
  if (highest < border) return highest;
  return lowest >= border && lowest < highest ? lowest + 1 : border;
}

/** Pairs that validate where they keep the order of the files: the last ones; one at least, and one at least trains. */
export function validationCount(count: number, validFraction: number): number {
  if (validFraction === 0) return 0;
  return Math.min(Math.max(Math.round(count * validFraction), 1), count - 1);
}
