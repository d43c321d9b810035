/** @file How long a run has trained, and its remaining time, from its log. */
import type { Pace } from '../training/meter.js';

/** A logged step, and the rate since the previous one. */
export interface PacedRow {
  readonly step: number;
  readonly pairs_per_second: number;
}

/** The fewest rows for an estimate of the time left: the first includes start-up work. */
const MIN_ROWS = 3;

/**
 * Sums the time of logged steps. A row's rate is over the steps since the previous row.
 *
 * @param pairsPerStep mean pairs per step
 */
export function paceOf(rows: readonly PacedRow[], pairsPerStep: number): Pace {
  let [seconds, pairs, before] = [0, 0, 0];
  for (const { step, pairs_per_second: rate } of rows) {
    const added = (step - before) * pairsPerStep;
    before = step;
    if (!(rate > 0)) continue; // NaN, or nothing was measured
    seconds += added / rate;
    pairs += added;
  }
  return { seconds, pairs };
}

/** Estimated seconds for a number of pairs, ignoring the first row; null if too little is known. */
export function secondsFor(pairs: number, rows: readonly PacedRow[], pairsPerStep: number): number | null {
  if (rows.length < MIN_ROWS) return null;
  const [all, first] = [paceOf(rows, pairsPerStep), paceOf(rows.slice(0, 1), pairsPerStep)];
  const [seconds, trained] = [all.seconds - first.seconds, all.pairs - first.pairs];
  return trained > 0 && pairs >= 0 ? (pairs * seconds) / trained : null;
}
