import type { StepRecord, ValidationRecord } from './records.js';

/**
 * The state of a run between two steps: with the engine's state, all it needs to continue as if never stopped. No
 * gradients are held back: a step takes all its micro-batches.
 */
export interface TrainState {
  readonly step: number;
  readonly epoch: number;
  /** Steps done of this epoch. */
  readonly position: number;
  /** Whether the validation after this step is done. */
  readonly validated: boolean;
  /** Steps left out because they were not finite. */
  readonly skipped: number;
  /** The sum of this epoch's losses over its pairs so far. */
  readonly epochLoss: { readonly sum: number; readonly pairs: number };
  /** The untrained student's validation; absent without validation pairs. */
  readonly first?: ValidationRecord | undefined;
  /** The validation with the lowest loss after training, a finite one; absent before. */
  readonly best?: ValidationRecord | undefined;
}

export const START: TrainState = {
  step: 0,
  epoch: 1,
  position: 0,
  validated: false,
  skipped: 0,
  epochLoss: { sum: 0, pairs: 0 },
};

/** Where the run stands after a step. */
export function afterStep(state: TrainState, { step, loss, pairs }: StepRecord, applied: boolean): TrainState {
  const { position, skipped, epochLoss } = state;
  const added = applied ? { sum: epochLoss.sum + loss * pairs, pairs: epochLoss.pairs + pairs } : epochLoss;
  return {
    ...state,
    step,
    position: position + 1,
    validated: false,
    skipped: skipped + (applied ? 0 : 1),
    epochLoss: added,
  };
}

/**
 * Where the run stands after a validation.
 *
 * @param validation absent where there are no validation pairs: the newest is taken for the best then. One whose loss
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

/** The best validation of a run; absent where its loss is not finite, as a state that was saved may have it. */
export function bestOf({ best }: TrainState): ValidationRecord | undefined {
  return best !== undefined && Number.isFinite(best.loss) ? best : undefined;
}

/** Where the run stands before the first step of the next epoch. */
export function nextEpoch(state: TrainState): TrainState {
  return { ...state, epoch: state.epoch + 1, position: 0, validated: false, epochLoss: START.epochLoss };
}
