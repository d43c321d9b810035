import { InputError, messageOf } from '../base/errors.js';
import { systemReason } from '../base/system-errors.js';

/** A data file that cannot be read, or only up to some place in it. */
export class UnreadableFileError extends InputError {
  override readonly code: string = 'UNREADABLE_FILE';

  /**
   * @param file its path for messages
   * @param reason what was expected, what was found and what to do, without the file
   * @param place the place in the file, such as `line 3`
   */
  constructor(
    readonly file: string,
    readonly reason: string,
    readonly place?: string,
  ) {
    super(`${place === undefined ? file : `${file} ${place}`}: ${reason}`);
  }

  /** Reason and place, for messages that already name the file. */
  get why(): string {
    return this.place === undefined ? this.reason : `${this.place}: ${this.reason}`;
  }
}

/** An archive whose directory, or a file in it, is damaged. */
export class DamagedArchiveError extends UnreadableFileError {
  override readonly code = 'DAMAGED_ARCHIVE';
}

/** Turns an operating system error into an `UnreadableFileError`; returns any other error as it is. */
export function unreadable(file: string, error: unknown): unknown {
  const reason = systemReason(error);
  return reason === undefined ? error : new UnreadableFileError(file, `cannot be read: ${reason}`);
}

/**
 * Turns any error from decoding a file into an `UnreadableFileError`; returns an `InputError`, which names the file, as
 * it is.
 */
export function undecodable(format: string, file: string, error: unknown): InputError {
  if (error instanceof InputError) return error;
  const found = `got one that is damaged or not supported (${messageOf(error)})`;
  return new UnreadableFileError(file, `expected a sound ${format} file, ${found}; write it again`);
}
