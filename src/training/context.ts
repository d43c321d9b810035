import type { Reporter } from '../app/reporter.js';
import type { TrainingStop } from './stopping.js';

/** Whom `kd train` tells, and who can stop it. */
export interface TrainContext {
  readonly output: Reporter;
  readonly stop: TrainingStop;
}
