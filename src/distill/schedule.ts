/** A linear warm-up to the peak, followed by a half-cosine decay to 0. */
export interface Schedule {
  /** The peak learning rate. */
  readonly peak: number;
  /** The total number of optimiser steps in the run. */
  readonly totalSteps: number;
  /** The share of all steps used for warm-up, which need not be a whole number of steps. */
  readonly warmupRatio: number;
}

/** Whether no step has a learning rate above 0, as with a single step, which is all warm-up. */
export function isAlwaysZero(schedule: Schedule): boolean {
  for (let step = 1; step <= schedule.totalSteps; step++) if (learningRateAt(schedule, step) > 0) return false;
  return true;
}

/**
 * The learning rate of a step, equal to that of `get_cosine_schedule_with_warmup` in transformers with
 * `num_warmup_steps = warmupRatio · totalSteps`: 0 at the first step, the peak at the end of the warm-up.
 *
 * @param step counted from 1
 */
export function learningRateAt({ peak, totalSteps, warmupRatio }: Schedule, step: number): number {
  const done = step - 1;
  const warmupSteps = warmupRatio * totalSteps;
  if (done < warmupSteps) return peak * (done / Math.max(1, warmupSteps));
  const progress = (done - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  return peak * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
}
