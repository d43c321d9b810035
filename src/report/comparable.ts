/** @file Whether the losses of several runs measure the same thing. */
import type { ComparedRun, ComparisonData } from './pages.js';

/** Settings that determine what a loss means. */
const MEASURES = ['--teacher', '--loss'];

/** Runs with the same loss of always predicting the teacher's mean, to the displayed digits. */
export interface SameMean {
  readonly baseline: number;
  readonly names: readonly string[];
}

/** Groups runs by the loss of always predicting the teacher's mean, without those in which it was not measured. */
export function byMean(runs: readonly ComparedRun[]): SameMean[] {
  const groups = new Map<string, SameMean>();
  for (const { run } of runs) {
    if (run.meanBaseline === null) continue;
    const key = run.meanBaseline.toFixed(4);
    const { baseline, names } = groups.get(key) ?? { baseline: run.meanBaseline, names: [] };
    groups.set(key, { baseline, names: [...names, run.name] });
  }
  return [...groups.values()];
}

/**
 * Whether the runs' losses can be compared: they have the same teacher and kind of loss and, as far as known, the same
 * loss of always predicting the teacher's mean, as on the same pairs.
 */
export function areComparable({ runs, differences }: Pick<ComparisonData, 'runs' | 'differences'>): boolean {
  return !differences.some(({ name }) => MEASURES.includes(name)) && byMean(runs).length <= 1;
}
