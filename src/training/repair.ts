/** @file Completes what a run's last process did not get to. */
import { soundEnding } from '../runs/run-ending.js';
import { tidyRun, type Search } from '../runs/find-checkpoint.js';
import type { Reporter } from '../app/reporter.js';
import { withLock } from './held-lock.js';
import { repairPointers } from './pointers.js';
import type { ResumedRun } from './resumed-run.js';
import { removeOlder } from './saving.js';

/**
 * Completes a finished run whose process was killed, or whose disk was full, after the last checkpoint was saved:
 * repairs `last` and `best`, and removes older checkpoints and unfinished folders. Changes nothing if the run has ended
 * as it should.
 *
 * @throws InputError while another process writes the run, and if the folder cannot be written
 */
export async function repairFinished(run: ResumedRun, chosen: Search, reporter: Reporter): Promise<void> {
  await repairPointers(run, chosen, reporter);
  const { folder, settings, changed } = run;
  const state = chosen.found?.trainer.state;
  if (state === undefined || (await soundEnding(folder))?.state === 'finished') return;
  await withLock(folder, reporter, async () => {
    await tidyRun(folder);
    // another --keep is not applied to a finished run
    if (!changed.includes('keep')) await removeOlder(folder, settings.keep, state, undefined, reporter);
  });
}
