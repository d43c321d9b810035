/** @file Decides which rows are kept, and what each is used for. */
import { createHash } from 'node:crypto';
import { findDuplicates, rowsByHash, rowsToMeasure } from './duplicates.js';
import type { Rows } from './rows.js';
import type { PrepareSettings } from './settings.js';
import { thresholdOf, adjustThreshold, groupsByText, SPLIT, splitHash, validationCount } from './splits.js';

/** What is decided about every row before any is encoded. */
export interface Decision {
  /** One of `VERDICTS` per row, as a number. */
  readonly verdicts: Uint8Array;
  /** Rows known to be too long, marked by 1; absent if none was measured. */
  readonly tooLong?: Uint8Array | undefined;
  /** A `SPLIT` per row. */
  readonly splits: Uint8Array;
  /** SHA-256, in hexadecimal, over the sorted hashes of all rows. */
  readonly fingerprint: string;
  /** Reassigns the splits if training or validation would be empty; else returns undefined. */
  readonly adjustedSplits: (used: readonly Uint32Array[]) => Uint8Array | undefined;
}

/** Measures the rows marked by 1, and returns the rows that are too long, also marked by 1. */
export type Measure = (wanted: Uint8Array) => Promise<Uint8Array>;

/** Like `decideByHash`, after measuring the rows whose length affects the outcome. */
export async function decideByHashAndLength(
  rows: Rows,
  settings: PrepareSettings,
  measure: Measure,
): Promise<Decision> {
  const order = rowsByHash(rows.facts);
  const wanted = rowsToMeasure(rows.facts, order, settings.keepDuplicates);
  const tooLong = wanted.includes(1) ? await measure(wanted) : undefined;
  return decideByHash(rows, settings, { order, tooLong });
}

/** Decides by hashes alone, independently of the order of files. `order` is that of `rowsByHash`. */
export function decideByHash(
  { facts, count }: Rows,
  { keepDuplicates, seed, validFraction }: PrepareSettings,
  { order = rowsByHash(facts), tooLong }: { order?: Uint32Array; tooLong?: Uint8Array | undefined } = {},
): Decision {
  const fingerprint = fingerprintOf(facts.pairHash, order);
  const verdicts = findDuplicates(facts, order, keepDuplicates, tooLong);
  const staying = order.filter((row) => verdicts[row] === 0 && tooLong?.[row] !== 1);
  const sharesTexts = keepDuplicates.some((kind) => kind !== 'pair');
  const hashOf = splitHash(facts, seed, sharesTexts ? groupsByText(facts, staying, count) : undefined);
  const splitsFor = (threshold: number): Uint8Array => {
    const splits = new Uint8Array(count);
    for (const row of staying) splits[row] = hashOf(row) < threshold ? SPLIT.validation : SPLIT.training;
    return splits;
  };
  const threshold = thresholdOf(validFraction);
  const adjustedSplits = (used: readonly Uint32Array[]): Uint8Array | undefined => {
    let [lowest, highest] = [Infinity, -Infinity];
    for (const rows of used) {
      for (const row of rows) {
        const hash = hashOf(row);
        lowest = Math.min(lowest, hash);
        highest = Math.max(highest, hash);
      }
    }
    if (highest === -Infinity) return undefined;
    const moved = adjustThreshold(threshold, lowest, highest);
    return moved === threshold ? undefined : splitsFor(moved);
  };
  return { verdicts, tooLong, splits: splitsFor(threshold), fingerprint, adjustedSplits };
}

/** Decides by the order of the files: the first rows are used, and the last of these are for validation. */
export function decideByPlace({ facts, count }: Rows, { samples = count, validFraction }: PrepareSettings): Decision {
  const used = Math.min(samples, count);
  const splits = new Uint8Array(count).fill(SPLIT.training, 0, used);
  splits.fill(SPLIT.validation, used - validationCount(used, validFraction), used);
  return {
    verdicts: new Uint8Array(count),
    splits,
    fingerprint: fingerprintOf(facts.pairHash, rowsByHash(facts)),
    adjustedSplits: () => undefined,
  };
}

function fingerprintOf(pairHash: Uint32Array, order: Uint32Array): string {
  const hash = createHash('sha256');
  const words = new Uint32Array(2 * Math.min(order.length, 1 << 16));
  for (let start = 0; start < order.length; start += 1 << 16) {
    const rows = order.subarray(start, start + (1 << 16));
    rows.forEach((row, i) => {
      words[2 * i] = pairHash[2 * row]!;
      words[2 * i + 1] = pairHash[2 * row + 1]!;
    });
    hash.update(new Uint8Array(words.buffer, 0, 8 * rows.length));
  }
  return hash.digest('hex');
}
