/** @file Whether the losses of several runs measure the same thing. */
import type { ComparedRun, ComparisonData } from './pages.js';

/** Settings that decide what a loss is. */
const MEASURES = ['--teacher', '--loss'];

/** Runs that have the same loss of always giving the teacher's mean, to the digits that are shown. */
export interface SameMean {
  readonly baseline: number;
  readonly names: readonly string[];
}

/** The runs by the loss of always giving the teacher's mean; without those in which it was not measured. */
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
 * Whether the runs' losses can be compared: they have the same teacher and the same kind of loss, and as far as is
 * known, always giving the teacher's mean has the same loss in all of them, as it has on the same pairs.
 */
export function areComparable({ runs, differences }: Pick<ComparisonData, 'runs' | 'differences'>): boolean {
  return !differences.some(({ name }) => MEASURES.includes(name)) && byMean(runs).length <= 1;
}
