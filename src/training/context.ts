import type { Output } from '../app/output.js';
import type { TrainingStop } from './stopping.js';

/** Whom `kd train` tells, and who can stop it. */
export interface TrainContext {
  readonly output: Output;
  readonly stop: TrainingStop;
}
