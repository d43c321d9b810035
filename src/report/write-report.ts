import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/files.js';
import { followComparison } from './comparison.js';
import type { ComparisonData } from './pages.js';
import { soundEnding } from '../runs/run-ending.js';
import { readPageAssets, reportPage } from './page.js';
import { COMPARISON_PAGE, LAST_WRITTEN, REPORT_PAGE } from './report-files.js';
import { followRun } from './run-follower.js';

/**
 * Whether a run's complete report was written after the run ended; a killed process leaves none, or an outdated one.
 */
export async function isReported(run: string): Promise<boolean> {
  const written = await stat(join(run, LAST_WRITTEN)).catch(() => undefined);
  const ending = await soundEnding(run);
  return written !== undefined && (ending === undefined || written.mtimeMs >= Date.parse(ending.time));
}

/**
 * Writes a run's current report: the page, with its loss curves as `loss.svg` and `loss.png` beside it.
 *
 * @returns the page's path
 * @throws InputError for a folder that is not a run, or if the system refuses
 */
export async function writeReport(run: string): Promise<string> {
  const path = join(run, REPORT_PAGE);
  const report = await followRun(run).report(false);
  await writeFileAtomic(path, reportPage(report, await readPageAssets()));
  // loaded only when needed: it takes a second of CPU time
  const { writeLossPictures } = await import('./loss-picture.js');
  await writeLossPictures(run, report);
  return path;
}

/**
 * Writes a page that compares several runs in their current state.
 *
 * @returns the page's path, and its data
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
