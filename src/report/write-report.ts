import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/files.js';
import { followComparison } from './comparison.js';
import type { ComparisonData } from './pages.js';
import { readEnding } from '../runs/run-ending.js';
import { readPageAssets, reportPage } from './page.js';
import { followRun } from './run-follower.js';

/** The page of several runs, in the folder that the first of them is in. */
export const COMPARISON_PAGE = 'comparison.html';

/** The report's file in a run's folder. */
export const REPORT_PAGE = 'report.html';

/** What is written last of a report. */
const LAST_WRITTEN = 'loss.png';

/** Whether a run's whole report was written after the run ended: a killed process leaves none, or an earlier one. */
export async function isReported(run: string): Promise<boolean> {
  const written = await stat(join(run, LAST_WRITTEN)).catch(() => undefined);
  const ending = await readEnding(run);
  return written !== undefined && (ending === undefined || written.mtimeMs >= Date.parse(ending.time));
}

/**
 * Writes a run's report as it is now: the page, and its loss curves as `loss.svg` and `loss.png` beside it.
 *
 * @returns the path of the page
 * @throws InputError for a folder that is no run, or where the system refuses
 */
export async function writeReport(run: string): Promise<string> {
  const path = join(run, REPORT_PAGE);
  const report = await followRun(run).report(false);
  await writeFileAtomic(path, reportPage(report, await readPageAssets()));
  // a second of processor time to load: not for those who write no report
  const { writeLossPictures } = await import('./loss-picture.js');
  await writeLossPictures(run, report);
  return path;
}

/**
 * Writes a page with several runs side by side, as they are now.
 *
 * @returns the path of the page, and what it shows
 * @throws InputError as `writeReport`
 */
export async function writeComparison(
  runs: readonly string[],
): Promise<{ readonly page: string; readonly comparison: ComparisonData }> {
  const page = join(dirname(runs[0]!), COMPARISON_PAGE);
  const comparison = await followComparison(runs).comparison(false);
  await writeFileAtomic(page, reportPage(comparison, await readPageAssets()));
  return { page, comparison };
}
