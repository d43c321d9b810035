/** @file How long a run still takes, by what it has taken so far. */
import type { TrainPlan } from '../distill/train.js';

/** Estimates the rest of a run. */
export interface TimeLeft {
  /** Counts a step that took so many seconds. The first is left out: it prepares what the others use. */
  step(seconds: number): void;
  /** Counts a validation that took so many seconds. */
  validation(seconds: number): void;
  /** Seconds from a step of an epoch to the end of the run; NaN before the second step. */
  seconds(plan: TrainPlan, step: number, epoch: number): number;
}

/** A new estimate. Steps take as long as on average, validations as long as the last one. */
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
