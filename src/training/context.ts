import type { Reporter } from '../app/reporter.js';
import type { Ranks } from '../cluster/ranks.js';
import type { TrainSettings } from './settings.js';
import type { TrainingStop } from './stopping.js';

/** What a run works with: its reporter, its stop signal, and the function that writes its report. */
export interface TrainContext {
  readonly output: Reporter;
  readonly stop: TrainingStop;
  /** The processes that share out the run's steps; absent for one alone. */
  readonly ranks?: Ranks | undefined;
  /**
   * Writes the report of a run that has just ended, under the run's lock.
   *
   * @param encodes whether there is time to encode its held-out sentences
   * @returns the page's path; undefined if it could not be written, after a warning
   */
  readonly writeReport?: (run: EndedRun, how: { readonly encodes: boolean }) => Promise<string | undefined>;
}

/** A run that has come to an end, in one way or another. */
export interface EndedRun {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly settings: TrainSettings;
  /** The name of its newest checkpoint; undefined where none was saved. */
  readonly last: string | undefined;
}
