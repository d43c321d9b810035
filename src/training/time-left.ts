/** @file Estimates how long a run will still take from its times so far. */
import type { TrainPlan } from '../distill/train.js';

/** Estimates the remaining time of a run. */
export interface TimeLeft {
  /** Records the seconds of a step. The first is ignored, since it also prepares the graph. */
  step(seconds: number): void;
  /** Records the seconds of a validation. */
  validation(seconds: number): void;
  /** Seconds from a step in an epoch to the end of the run; NaN before the second step. */
  seconds(plan: TrainPlan, step: number, epoch: number): number;
}

/** A new estimate, from the mean time of a step and the last validation's time. */
export function estimateTimeLeft(): TimeLeft {
  let [steps, total, lastValidation] = [-1, 0, 0];
  return {
    step(seconds) {
      if (steps >= 0) total += seconds;
      steps++;
    },
    validation(seconds) {
      lastValidation = seconds;
    },
    seconds: ({ totalSteps, epochs }, step, epoch) =>
      steps < 1 ? NaN : (total / steps) * (totalSteps - step) + lastValidation * (epochs - epoch + 1),
  };
}
