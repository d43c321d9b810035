import type { Pair, Place } from './pair.js';

/** Why a pair is not used. */
export type DropReason = 'empty text' | 'unreadable row';

/** How many pairs were dropped for a reason, and where the first of them stand. */
export interface Dropped {
  count: number;
  /** `file:row` of the first few. */
  readonly examples: string[];
}

const EXAMPLES = 5;

/** The reason not to use a pair, if there is one. */
export function dropReason(pair: Pair): DropReason | undefined {
  return pair.ko.trim() === '' || pair.en.trim() === '' ? 'empty text' : undefined;
}

/** Counts a dropped pair. */
export function countDropped(counts: Map<DropReason, Dropped>, reason: DropReason, { file, row }: Place): void {
  const dropped = counts.get(reason) ?? { count: 0, examples: [] };
  dropped.count++;
  if (dropped.examples.length < EXAMPLES) dropped.examples.push(`${file}:${row}`);
  counts.set(reason, dropped);
}
