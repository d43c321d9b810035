import type { StepRecord, ValidationRecord } from './records.js';

/**
 * The state of a run between two steps: with the engine's state, all that is needed to continue as if never stopped. It
 * contains no gradients, since a step takes all its micro-batches.
 */
export interface TrainState {
  readonly step: number;
  readonly epoch: number;
  /** Completed steps in this epoch. */
  readonly position: number;
  /** Whether the validation after this step is done. */
  readonly validated: boolean;
  /** Steps that were skipped because they were not finite. */
  readonly skipped: number;
  /** How many of them were the last steps taken. */
  readonly skippedInARow: number;
  /** The sum of this epoch's losses over its pairs so far. */
  readonly epochLoss: { readonly sum: number; readonly pairs: number };
  /** The untrained student's validation; absent without validation pairs. */
  readonly first?: ValidationRecord | undefined;
  /** The finite validation with the lowest loss of those whose state was saved; absent before the first. */
  readonly best?: ValidationRecord | undefined;
}

export const INITIAL_STATE: TrainState = {
  step: 0,
  epoch: 1,
  position: 0,
  validated: false,
  skipped: 0,
  skippedInARow: 0,
  epochLoss: { sum: 0, pairs: 0 },
};

/** The state after a step. */
export function afterStep(state: TrainState, { step, loss, pairs }: StepRecord, applied: boolean): TrainState {
  const { position, skipped, skippedInARow, epochLoss } = state;
  const added = applied ? { sum: epochLoss.sum + loss * pairs, pairs: epochLoss.pairs + pairs } : epochLoss;
  return {
    ...state,
    step,
    position: position + 1,
    validated: false,
    skipped: skipped + (applied ? 0 : 1),
    skippedInARow: applied ? 0 : skippedInARow + 1,
    epochLoss: added,
  };
}

/**
 * The state after a validation.
 *
 * @param validation absent without validation pairs; the newest state then counts as the best. A validation whose loss
 *   is not finite is never the best
 */
export function afterValidation(
  state: TrainState,
  validation: ValidationRecord | undefined,
): { state: TrainState; isBest: boolean } {
  const best = bestOf(state);
  const isBest =
    validation === undefined ||
    (Number.isFinite(validation.loss) && (best === undefined || validation.loss < best.loss));
  return { state: { ...state, validated: true, best: isBest ? validation : best }, isBest };
}

/** The best validation of a run; absent if its loss is not finite, as is possible in a saved state. */
export function bestOf({ best }: TrainState): ValidationRecord | undefined {
  return best !== undefined && Number.isFinite(best.loss) ? best : undefined;
}

/** The state before the first step of the next epoch. */
export function nextEpoch(state: TrainState): TrainState {
  return { ...state, epoch: state.epoch + 1, position: 0, validated: false, epochLoss: INITIAL_STATE.epochLoss };
}
