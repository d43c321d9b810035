import { InputError } from '../base/errors.js';

/** A step whose losses or gradients are not finite, which ends the run. */
export class NotFiniteStepError extends InputError {
  override readonly code = 'NOT_FINITE_STEP';
}
