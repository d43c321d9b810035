/**
 * @file Which pairs stay where texts occur more than once. Pairs are gone through in the order of their hashes, which
 * depends on nothing but their texts; a pair stays if neither of its texts stands in a pair that stays already. So the
 * outcome is the same in whatever order files come and whoever reads them. Of equal pairs the one of the first corpus
 * (in the order of `CORPORA`) stays.
 *
 * Memory: 8 bytes a row for sorting, and 11 to 22 for the two hash tables.
 */
import type { DropReason } from './cleaning.js';
import type { DuplicateKind } from './settings.js';
import type { RowFacts } from './spill.js';

/** Why a row goes; 0 where it stays. */
export const VERDICTS = ['stays', 'duplicate_pair', 'duplicate_ko', 'duplicate_en'] as const satisfies readonly ('stays' | DropReason)[];

const [, DUPLICATE_PAIR, DUPLICATE_KO, DUPLICATE_EN] = VERDICTS.keys();

/** A verdict a row, given `order`, the rows by hash. */
export function findDuplicates(facts: RowFacts, order: Uint32Array, keep: readonly DuplicateKind[]): Uint8Array {
  const verdicts = new Uint8Array(order.length);
  const koSeen = new RowTable(facts.koHash, order.length);
  const enSeen = new RowTable(facts.enHash, order.length);
  const [keepPair, keepKo, keepEn] = [keep.includes('pair'), keep.includes('ko'), keep.includes('en')];
  let previous = -1;
  for (const row of order) {
    if (previous >= 0 && samePair(facts, row, previous)) {
      verdicts[row] = keepPair ? verdicts[previous] : DUPLICATE_PAIR;
      continue;
    }
    previous = row;
    if (!keepKo && koSeen.find(row) >= 0) verdicts[row] = DUPLICATE_KO;
    else if (!keepEn && enSeen.find(row) >= 0) verdicts[row] = DUPLICATE_EN;
    else {
      koSeen.add(row);
      enSeen.add(row);
    }
  }
  return verdicts;
}

/** The rows in the order of their hashes; equal pairs by corpus, then by place. */
export function rowsByHash(facts: RowFacts): Uint32Array {
  const { pairHash, corpus, source, index } = facts;
  const order = sortByHighWord(pairHash);
  const compare = (a: number, b: number): number =>
    pairHash[2 * a + 1] - pairHash[2 * b + 1] || pairHash[2 * a] - pairHash[2 * b] ||
    corpus[a] - corpus[b] || source[a] - source[b] || index[a] - index[b];
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && pairHash[2 * order[end] + 1] === pairHash[2 * order[start] + 1]) end++;
    if (end - start > 1) order.subarray(start, end).sort(compare);
    start = end;
  }
  return order;
}

/** Radix sort by the high word of the hashes, 16 bits at a time. */
function sortByHighWord(hash: Uint32Array): Uint32Array {
  const count = hash.length / 2;
  let order = Uint32Array.from({ length: 0 });
  for (const shift of [0, 16]) {
    const starts = new Uint32Array((1 << 16) + 1);
    for (let row = 0; row < count; row++) starts[((hash[2 * row + 1] >>> shift) & 0xffff) + 1]++;
    for (let digit = 0; digit < 1 << 16; digit++) starts[digit + 1] += starts[digit];
    const sorted = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const row = shift === 0 ? i : order[i];
      sorted[starts[(hash[2 * row + 1] >>> shift) & 0xffff]++] = row;
    }
    order = sorted;
  }
  return order;
}

function samePair({ pairHash }: RowFacts, a: number, b: number): boolean {
  return pairHash[2 * a] === pairHash[2 * b] && pairHash[2 * a + 1] === pairHash[2 * b + 1];
}

/** Rows found by their hashes: open addressing with linear probing, at most three quarters full. */
export class RowTable {
  private readonly slots: Uint32Array; // row + 1; 0 is free
  private readonly mask: number;

  constructor(
    private readonly hash: Uint32Array,
    rows: number,
  ) {
    const size = 2 ** Math.ceil(Math.log2((4 / 3) * Math.max(rows, 3)));
    this.slots = new Uint32Array(size);
    this.mask = size - 1;
  }

  /** The row added with the hash that this row has, or −1. */
  find(row: number): number {
    return this.slots[this.slotOf(row)] - 1;
  }

  /** Adds a row, in the place of another with the same hash. */
  add(row: number): void {
    this.slots[this.slotOf(row)] = row + 1;
  }

  private slotOf(row: number): number {
    const { hash, mask, slots } = this;
    const [low, high] = [hash[2 * row], hash[2 * row + 1]];
    let slot = low & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = slots[slot] - 1;
      if (hash[2 * other] === low && hash[2 * other + 1] === high) break;
    }
    return slot;
  }
}
