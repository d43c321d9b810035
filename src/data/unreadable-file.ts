import { InputError } from '../base/errors.js';
import { systemReason } from '../base/files.js';

/** A file of data that cannot be read, or not beyond some place in it. */
export class UnreadableFile extends InputError {
  override readonly code: string = 'UNREADABLE_FILE';

  /**
   * @param file as it is shown
   * @param reason what was expected, what came and what to do, without the file
   * @param place in the file, such as `line 3`
   */
  constructor(
    readonly file: string,
    readonly reason: string,
    readonly place?: string,
  ) {
    super(`${place === undefined ? file : `${file} ${place}`}: ${reason}`);
  }

  /** Reason and place, where the file is named already. */
  get why(): string {
    return this.place === undefined ? this.reason : `${this.place}: ${this.reason}`;
  }
}

/** An archive whose directory, or a file in it, is not what its maker wrote. */
export class DamagedArchive extends UnreadableFile {
  override readonly code = 'DAMAGED_ARCHIVE';
}

/** What the system refused as an `UnreadableFile`; any other error as it is. */
export function unreadable(file: string, error: unknown): unknown {
  const reason = systemReason(error);
  return reason === undefined ? error : new UnreadableFile(file, `cannot be read: ${reason}`);
}
