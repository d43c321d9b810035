import { InputError, messageOf } from '../base/errors.js';
import type { Pointer } from './run-names.js';

/** A checkpoint was saved, but a pointer to it could not be written. */
export class NotPointedAtError extends InputError {
  override readonly code = 'NOT_POINTED_AT';

  constructor(
    /** The checkpoint's name. */
    readonly checkpoint: string,
    pointer: Pointer,
    cause: unknown,
  ) {
    super(`\`${pointer}\` does not name it: ${messageOf(cause)}`, { cause });
  }
}
