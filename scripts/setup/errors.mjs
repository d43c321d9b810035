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

/**
 * The code of a system error, such as `ENOENT`; empty for any other error.
 *
 * @param {unknown} error
 */
export function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** What the system does besides reading and writing files. */
const OTHER_CALLS = /^(spawn|kill|connect|listen|bind|getaddrinfo)/;

/**
 * What the system refused to do with a file, and with which if that is known; undefined for any other error. Node says
 * ENOENT of a folder that is to be made on a read-only file system.
 *
 * @param {unknown} error
 */
export function refusalOf(error) {
  if (!(error instanceof Error) || !('syscall' in error) || OTHER_CALLS.test(String(error.syscall))) return undefined;
  const isFolder = codeOf(error) === 'ENOENT' && error.syscall === 'mkdir';
  const reason = isFolder
    ? error.message.replace('directory,', 'directory, or a read-only file system,')
    : error.message;
  const { dest, path = '' } = /** @type {{ dest?: string, path?: string }} */ (error);
  return { reason, path: dest ?? path };
}

/**
 * A folder that takes no files, on one line; any other error unchanged.
 *
 * @param {unknown} error
 * @param {string} where the beginning of the message
 */
export function asSetupError(error, where) {
  const refusal = refusalOf(error);
  if (refusal === undefined) return error;
  return new SetupError(
    `${where}files cannot be written (${refusal.reason}); make room there, or let this user write, and run this again`,
  );
}
