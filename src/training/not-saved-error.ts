import { InputError } from '../base/errors.js';

/** The last state of a run could not be saved. */
export class NotSavedError extends InputError {
  override readonly code = 'NOT_SAVED';
}
