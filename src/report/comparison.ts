/** @file The data of a page that compares several runs. */
import { formatCount } from '../base/format.js';
import { VERSION } from '../base/version.js';
import { runArgument } from '../runs/run-names.js';
import { jointEvaluations } from './joint-evaluations.js';
import type { ComparisonData, Difference } from './pages.js';
import type { Entry, ReportData } from './report-data.js';
import { followRun } from './run-follower.js';
import { evaluateCommand } from './shell-commands.js';

/** Reads several runs repeatedly for a comparison. */
export interface ComparisonFollower {
  comparison(live: boolean): Promise<ComparisonData>;
}

/** Names that always differ between runs and mean nothing. */
const OWN_NAMES = ['--run', 'created'];

/**
 * Follows several runs.
 *
 * @param folders the runs' folders, in display order
 * @throws InputError, in every call, for a folder that is not a run
 */
export function followComparison(folders: readonly string[]): ComparisonFollower {
  const followers = folders.map(followRun);
  return {
    async comparison(live) {
      const reports = await Promise.all(followers.map((follower) => follower.report(live)));
      return {
        kind: 'comparison',
        written: new Date().toISOString(),
        kd: VERSION,
        live,
        runs: reports.map(({ run, training, validation }) => ({ run: named(run, reports), training, validation })),
        differences: [
          ...differencesOf(
            reports.map(({ sections }) => sections.settings),
            true,
          ),
          ...differencesOf(reports.map(comparedFacts), false),
        ],
        evaluations: jointEvaluations(reports),
        evaluate: evaluateCommand(folders.map(runArgument)),
        problems: [...new Set(reports.flatMap(({ sections }) => sections.problems))],
      };
    },
  };
}

/** A run with its name, or with its folder if another run has the same name. */
function named(run: ReportData['run'], all: readonly ReportData[]): ReportData['run'] {
  const isAlone = all.filter((other) => other.run.name === run.name).length === 1;
  return isAlone ? run : { ...run, name: run.folder };
}

/**
 * The facts by which runs are compared. For data, these are the number of pairs and their fingerprint, not the token
 * store, whose name also depends on how the files were named.
 */
function comparedFacts({ run, sections }: Pick<ReportData, 'run' | 'sections'>): Entry[] {
  return sections.environment.map(([name, value]) =>
    name === 'data'
      ? ['pairs', `${formatCount(run.trainingPairs)} + ${formatCount(run.validationPairs)}`]
      : [name, value],
  );
}

/** The entries that differ between runs, in the order of the runs that have them. */
export function differencesOf(runs: readonly (readonly Entry[])[], isSetting: boolean): Difference[] {
  const names = [...new Set(runs.flatMap((entries) => entries.map(([name]) => name)))];
  return names
    .filter((name) => !OWN_NAMES.includes(name))
    .map((name) => ({
      name,
      isSetting,
      values: runs.map((entries) => entries.find(([each]) => each === name)?.[1] ?? null),
    }))
    .filter(({ values }) => new Set(values).size > 1);
}
