/** @file How long a run has trained, and how long it still does, by its log. */

/** A logged step, and the rate since the one before. */
export interface PacedRow {
  readonly step: number;
  readonly pairs_per_second: number;
}

/** Seconds and pairs of training. */
export interface Pace {
  readonly seconds: number;
  readonly pairs: number;
}

/** Rows from which the time left is told: the first holds what is prepared for all others. */
const LEAST_ROWS = 3;

/**
 * Adds up what logged steps took. A row's rate is over the steps since the row before it.
 *
 * @param pairsPerStep pairs of a step, on average
 */
export function paceOf(rows: readonly PacedRow[], pairsPerStep: number): Pace {
  let [seconds, pairs, before] = [0, 0, 0];
  for (const { step, pairs_per_second: rate } of rows) {
    const added = (step - before) * pairsPerStep;
    before = step;
    if (!(rate > 0)) continue; // no number, or nothing was measured
    seconds += added / rate;
    pairs += added;
  }
  return { seconds, pairs };
}

/** Seconds for so many more pairs, the first row left out; null where too little is known. */
export function secondsFor(pairs: number, rows: readonly PacedRow[], pairsPerStep: number): number | null {
  if (rows.length < LEAST_ROWS) return null;
  const [all, first] = [paceOf(rows, pairsPerStep), paceOf(rows.slice(0, 1), pairsPerStep)];
  const [seconds, trained] = [all.seconds - first.seconds, all.pairs - first.pairs];
  return trained > 0 && pairs >= 0 ? (pairs * seconds) / trained : null;
}
