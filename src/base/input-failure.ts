/** @file Which errors are bad input or a refusal of the operating system, and not a bug, and what to say of them. */
import { InputError, messageOf, SYSTEM } from './errors.js';

/** What to do where the system refuses something that every command needs, by the call that it refuses. */
const CALLS: Readonly<Record<string, string>> = {
  uv_cwd: 'the current folder: expected one that is there, but it was removed; change to another',
  uv_os_homedir: 'HOME: expected a home folder, but this user has none; set HOME',
};

/** Bad input, or a refusal of the operating system. */
export interface InputFailure {
  /** As of an `InputError`. */
  readonly code: string;
  /** What to say of it, on one line. */
  readonly message: string;
}

/** What to say of bad input or a refusal of the operating system; undefined for a bug. */
export function inputFailure(error: unknown): InputFailure | undefined {
  if (error instanceof InputError) return { code: error.code, message: messageOf(error) };
  const message = systemFailure(error);
  return message === undefined ? undefined : { code: SYSTEM, message };
}

/**
 * A refusal of the operating system, on one line: no such file, no permission, no space. Its message names call and
 * path.
 */
function systemFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // Native code and worker threads say it in their own words, without a code.
  if (/\b(EMFILE|ENFILE)\b|too many open files/i.test(error.message))
    return (
      `${messageOf(error)}: expected to open more files, but their number is limited; raise the limit: ` +
      'ulimit -n 1024'
    );
  if (!('syscall' in error && 'code' in error))
    return error.cause === undefined ? undefined : systemFailure(error.cause);
  return CALLS[String(error.syscall)] ?? messageOf(error);
}
