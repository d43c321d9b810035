/**
 * @file Removes duplicates. Pairs are processed in the order of their hashes, which depend only on their texts; a pair
 * is kept if neither of its texts is in a pair that was kept before. So the result depends neither on the order of the
 * files nor on which worker reads them. Of equal pairs, one from the first corpus (in the order of `CORPORA`) is kept,
 * preferably without invisible characters.
 *
 * A pair that is too long to be used must not displace others. Only rows that share a text with another pair can do so,
 * and only these are measured beforehand.
 *
 * Memory: 8 bytes per row for sorting, and 11 to 22 for the two hash tables.
 */
import type { DropReason } from './drop-reasons.js';
import type { DuplicateKind } from './settings.js';
import type { RowFacts } from './spill.js';

/** Why a row is dropped; 0 if it is kept. */
export const VERDICTS = ['stays', 'duplicate_pair', 'duplicate_ko', 'duplicate_en'] as const satisfies readonly (
  | 'stays'
  | DropReason
)[];

const [, DUPLICATE_PAIR, DUPLICATE_KO, DUPLICATE_EN] = VERDICTS.keys();

/**
 * Marks, by 1, the rows whose length must be known before duplicates are removed: those that share a text with another
 * pair when only one may be kept, and those with copies that look the same but are encoded differently.
 */
export function rowsToMeasure(facts: RowFacts, order: Uint32Array, keep: readonly DuplicateKind[]): Uint8Array {
  const { koHash, enHash, variant } = facts;
  const wanted = new Uint8Array(order.length);
  if (!keep.includes('ko')) markShared(facts, koHash, order, wanted);
  if (!keep.includes('en')) markShared(facts, enHash, order, wanted);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && samePair(facts, order[end]!, order[start]!)) end++;
    const copies = order.subarray(start, end);
    const differ = variant !== undefined && copies.some((row) => variant[row] !== variant[copies[0]!]);
    if (differ || wanted[copies[0]!] === 1) for (const row of copies) wanted[row] = 1;
    start = end;
  }
  return wanted;
}

/** Marks the first row of every pair that shares a text with another pair. */
function markShared(facts: RowFacts, hash: Uint32Array, order: Uint32Array, marks: Uint8Array): void {
  const seen = new RowTable(hash, order.length);
  let previous = -1;
  for (const row of order) {
    if (previous >= 0 && samePair(facts, row, previous)) continue;
    previous = row;
    const other = seen.find(row);
    if (other < 0) seen.add(row);
    else marks[row] = marks[other] = 1;
  }
}

/** Returns a verdict per row, given `order`, the rows sorted by hash. Rows that are `tooLong` are ignored. */
export function findDuplicates(
  facts: RowFacts,
  order: Uint32Array,
  keep: readonly DuplicateKind[],
  tooLong?: Uint8Array,
): Uint8Array {
  const verdicts = new Uint8Array(order.length);
  const koSeen = new RowTable(facts.koHash, order.length);
  const enSeen = new RowTable(facts.enHash, order.length);
  const [keepPair, keepKo, keepEn] = [keep.includes('pair'), keep.includes('ko'), keep.includes('en')];
  let previous = -1;
  for (const row of order) {
    if (tooLong?.[row] === 1) continue;
    if (previous >= 0 && samePair(facts, row, previous)) {
      verdicts[row] = keepPair ? verdicts[previous]! : DUPLICATE_PAIR!;
      continue;
    }
    previous = row;
    if (!keepKo && koSeen.find(row) >= 0) verdicts[row] = DUPLICATE_KO!;
    else if (!keepEn && enSeen.find(row) >= 0) verdicts[row] = DUPLICATE_EN!;
    else {
      koSeen.add(row);
      enSeen.add(row);
    }
  }
  return verdicts;
}

/** Sorts rows by hash; equal pairs by corpus, then by spelling, then by place. */
export function rowsByHash(facts: RowFacts): Uint32Array {
  const { pairHash, corpus, variant, source, index } = facts;
  const order = sortByHighWord(pairHash);
  const compare = (a: number, b: number): number =>
    pairHash[2 * a + 1]! - pairHash[2 * b + 1]! ||
    pairHash[2 * a]! - pairHash[2 * b]! ||
    corpus[a]! - corpus[b]! ||
    (variant === undefined ? 0 : variant[a]! - variant[b]!) ||
    source[a]! - source[b]! ||
    index[a]! - index[b]!;
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && pairHash[2 * order[end]! + 1] === pairHash[2 * order[start]! + 1]) end++;
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
    for (let row = 0; row < count; row++) starts[((hash[2 * row + 1]! >>> shift) & 0xffff) + 1]!++;
    for (let digit = 0; digit < 1 << 16; digit++) starts[digit + 1]! += starts[digit]!;
    const sorted = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const row = shift === 0 ? i : order[i];
      sorted[starts[(hash[2 * row! + 1]! >>> shift) & 0xffff]!++] = row!;
    }
    order = sorted;
  }
  return order;
}

function samePair({ pairHash }: RowFacts, a: number, b: number): boolean {
  return pairHash[2 * a] === pairHash[2 * b] && pairHash[2 * a + 1] === pairHash[2 * b + 1];
}

/** A hash table of rows: open addressing with linear probing, at most three quarters full. */
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

  /** Returns the row in the table with the same hash as this row, or −1. */
  find(row: number): number {
    return this.slots[this.slotOf(row)]! - 1;
  }

  /** Adds a row, replacing another with the same hash. */
  add(row: number): void {
    this.slots[this.slotOf(row)] = row + 1;
  }

  private slotOf(row: number): number {
    const { hash, mask, slots } = this;
    const [low, high] = [hash[2 * row], hash[2 * row + 1]];
    let slot = low! & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = slots[slot]! - 1;
      if (hash[2 * other] === low && hash[2 * other + 1] === high) break;
    }
    return slot;
  }
}
