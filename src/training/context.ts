import type { Reporter } from '../app/reporter.js';
import type { EndedRun } from './ended-run.js';
import type { TrainingStop } from './stopping.js';

/** Whom a run tells, what can stop it, and who writes its report. */
export interface TrainContext {
  readonly output: Reporter;
  readonly stop: TrainingStop;
  /**
   * Writes the report of a run that has just ended, under the run's lock.
   *
   * @param encodes whether there is time to encode its held-out sentences
   * @returns the page's path; undefined where it could not be written, which was said
   */
  readonly writeReport?: (run: EndedRun, how: { readonly encodes: boolean }) => Promise<string | undefined>;
}
