/** @file Tells bad input and operating system errors from bugs, and words them. */
import { InputError, messageOf, SYSTEM } from './errors.js';
import { isSystemError, RAISE_MEMORY, RAISE_OPEN_FILES } from './system-errors.js';

/** Messages for calls that every command makes, by the name of the system call that failed. */
const CALLS: Readonly<Record<string, string>> = {
  uv_cwd: 'the current folder: expected one that is there, but it was removed; change to another',
  uv_os_homedir: 'HOME: expected a home folder, but this user has none; set HOME',
};

/** Bad input, or an operating system error. */
export interface InputFailure {
  /** As in `InputError`. */
  readonly code: string;
  /** The message, on one line. */
  readonly message: string;
}

/** The message for bad input or an operating system error; undefined for a bug. */
export function inputFailure(error: unknown): InputFailure | undefined {
  if (error instanceof InputError) return { code: error.code, message: messageOf(error) };
  const received = nullByteIn(error);
  if (received !== undefined)
    return inputFailure(
      new InputError(
        `a path: expected one without the character NUL, which no system allows, got ${received}; give another`,
      ),
    );
  const message = systemFailure(error);
  return message === undefined ? undefined : { code: SYSTEM, message };
}

/** A thrown value as programs get it: an operating system error as an `InputError`, anything else as it is. */
export function asInputError(error: unknown): unknown {
  if (error instanceof InputError) return error;
  const failure = inputFailure(error);
  return failure === undefined ? error : new InputError(failure.message, { cause: error, code: failure.code });
}

/** The path that Node refuses because it contains the character NUL, which only programs and files can give. */
function nullByteIn(error: unknown): string | undefined {
  if (!(error instanceof TypeError) || !('code' in error) || error.code !== 'ERR_INVALID_ARG_VALUE') return undefined;
  return /without null bytes\. Received (.*)$/s.exec(error.message)?.[1];
}

/**
 * An operating system error on one line: no such file, no permission, no space. Its message names the call and the
 * path.
 */
function systemFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // Native code and worker threads report these errors in their own words, without a code.
  if (/\b(EMFILE|ENFILE)\b|too many open files/i.test(error.message))
    return `${messageOf(error)}: expected to open more files, but their number is limited; ${RAISE_OPEN_FILES}`;
  // V8's words for a buffer or a WebAssembly memory that the system refuses
  if (error instanceof RangeError && /out of memory|buffer allocation failed/i.test(error.message))
    return `${messageOf(error)}: expected more memory than the system gives; ${RAISE_MEMORY}`;
  if (!isSystemError(error)) return error.cause === undefined ? undefined : systemFailure(error.cause);
  return CALLS[error.syscall] ?? messageOf(error);
}
