import type { Reporter } from '../app/reporter.js';
import type { Ranks } from '../cluster/ranks.js';
import type { TrainSettings } from './settings.js';
import type { TrainingStop } from './stopping.js';

/** What a run is given: its reporter, its stop signal, and the function that writes its report. */
export interface TrainContext {
  readonly reporter: Reporter;
  readonly stop: TrainingStop;
  /** The processes that share the run's steps; absent for a single process. */
  readonly ranks?: Ranks | undefined;
  /**
   * Writes the report of a run that has just ended, while holding the run's lock.
   *
   * @param how `encodes`: whether there is time to encode held-out sentences
   * @returns the page's path; undefined, after a warning, if it could not be written
   */
  readonly writeReport?: (run: EndedRun, how: { readonly encodes: boolean }) => Promise<string | undefined>;
}

/** A run that has ended, for whatever reason. */
export interface EndedRun {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly settings: TrainSettings;
  /** The name of its newest checkpoint; undefined if none was saved. */
  readonly last: string | undefined;
  /** The path of a copy of its last state outside its folder, if it could only be saved there. */
  readonly copy?: string | undefined;
}
