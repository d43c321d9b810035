import type { TrainSettings } from './settings.js';

/** A run that has come to an end, in one way or another. */
export interface EndedRun {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly settings: TrainSettings;
  /** The name of its newest checkpoint; undefined where none was saved. */
  readonly last: string | undefined;
}
