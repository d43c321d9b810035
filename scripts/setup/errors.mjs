/** Something that `kd` cannot run without; the message is one line that says what to do. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}

/** Why TensorFlow is not available here; `kd` still runs, on tfjs's pure-JavaScript backend. */
export class TensorflowUnavailable extends Error {
  /**
   * @param {string} reason what is missing or failed, on one line
   * @param {string} remedy what the user can do about it, on the same line
   * @param {string} [attempt] names a costly attempt that would fail again in the same way, and so is not repeated
   */
  constructor(reason, remedy, attempt) {
    super(reason);
    /** @readonly */
    this.remedy = remedy;
    /** @readonly */
    this.attempt = attempt;
  }
}

/** A full disk, or a folder that cannot be written. */
export const DISK_ERRORS = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EFBIG', 'ENOTDIR', 'EEXIST'];

/**
 * The code of a system error, such as `ENOENT`; empty for any other error.
 *
 * @param {unknown} error
 */
export function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/**
 * A folder that takes no files, on one line; any other error unchanged.
 *
 * @param {unknown} error
 * @param {string} where the beginning of the message
 */
export function asSetupError(error, where) {
  if (!(error instanceof Error) || !DISK_ERRORS.includes(codeOf(error))) return error;
  return new SetupError(`${where}files cannot be written (${error.message}); make room there, or let this user write`);
}
