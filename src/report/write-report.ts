import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.js';
import { readPageAssets, reportPage } from './page.js';
import { followRun } from './run-follower.js';

/** The report's file in a run's folder. */
export const REPORT_PAGE = 'report.html';

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
