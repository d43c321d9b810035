import type { Grouping } from './evaluation.js';

/** The properties by which a pair is grouped. */
export interface GroupKeys {
  readonly corpus: string;
  /** Tokens of the English text by the teacher's tokenizer, including special tokens. */
  readonly length: number;
}

/** A group of pairs, scored separately. */
export interface PairGroup {
  readonly by: Grouping;
  readonly group: string;
  /** Indices of its pairs. */
  readonly pairs: Uint32Array;
}

/** Upper bounds of the length buckets; longer texts form one more. */
const BUCKET_ENDS = [10, 20, 30, 40, 50, 77];

/**
 * Groups of pairs: corpora from large to small, since pairs are in no order that means anything, and lengths from short
 * to long. Empty groups are left out.
 */
export function groupPairs(keys: readonly GroupKeys[], groupings: readonly Grouping[]): PairGroup[] {
  return groupings.flatMap((by) => {
    const members = new Map<string, number[]>(by === 'length' ? BUCKETS.map((bucket) => [bucket, []]) : []);
    for (const [pair, { corpus, length }] of keys.entries()) {
      const group = by === 'corpus' ? corpus : bucketOf(length);
      const list = members.get(group);
      if (list === undefined) members.set(group, [pair]);
      else list.push(pair);
    }
    const ordered = by === 'corpus' ? [...members].sort(([, a], [, b]) => b.length - a.length) : [...members];
    return ordered
      .filter(([, pairs]) => pairs.length > 0)
      .map(([group, pairs]) => ({ by, group, pairs: Uint32Array.from(pairs) }));
  });
}

/** `1–10`, `11–20`, …, `over 77` */
const BUCKETS = [
  ...BUCKET_ENDS.map((end, i) => `${(BUCKET_ENDS[i - 1] ?? 0) + 1}–${end}`),
  `over ${BUCKET_ENDS.at(-1)}`,
];

function bucketOf(length: number): string {
  const place = BUCKET_ENDS.findIndex((end) => length <= end);
  return BUCKETS[place === -1 ? BUCKET_ENDS.length : place]!;
}
