/** @file How the command ends, and what it says of what went wrong. */
import { CommanderError } from 'commander';
import { InputError, messageOf } from '../errors.js';

/** Done; bad input; a bug; stopped by the user after saving, as shells count a process that SIGINT ended. */
export const EXIT = { done: 0, input: 1, bug: 2, stopped: 130 } as const;

export interface Failure {
  readonly exitCode: number;
  /** For standard error: one line for bad input, a stack for a bug, nothing where help or a version was asked for. */
  readonly text: string;
}

/** What to say of whatever was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return usageFailure(error);
  const line = error instanceof InputError ? messageOf(error) : systemLine(error);
  if (line !== undefined) return { exitCode: EXIT.input, text: `error: ${line}\n` };
  return {
    exitCode: EXIT.bug,
    text: `bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  };
}

/** Commander throws after help and version too, and words its errors as `error: …`, some on two lines. */
function usageFailure(error: CommanderError): Failure {
  if (error.exitCode === 0) return { exitCode: EXIT.done, text: '' };
  if (error.code === 'commander.help')
    return { exitCode: EXIT.input, text: 'error: expected a command; `kd --help` names them\n' };
  const isUnknown = error.code.startsWith('commander.unknown') && !error.message.includes('Did you mean');
  const hint = isUnknown ? '; `kd --help` names what there is' : '';
  return { exitCode: EXIT.input, text: `${messageOf(error)}${hint}\n` };
}

/** What to do where the system refuses something that every command needs, by the call that it refuses. */
const CALLS: Readonly<Record<string, string>> = {
  uv_cwd: 'the current folder: expected one that is there, but it was removed; change to another',
  uv_os_homedir: 'HOME: expected a home folder, but this user has none; set HOME',
};

/**
 * A refusal of the operating system, on one line: no such file, no permission, no space. Its message names call and path. Undefined
 * for anything else.
 */
function systemLine(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // Native code and worker threads say it in their own words, without a code.
  if (/\b(EMFILE|ENFILE)\b|too many open files/i.test(error.message))
    return `${messageOf(error)}: expected to open more files, but their number is limited; raise the limit: ulimit -n 1024`;
  if (!('syscall' in error && 'code' in error)) return error.cause === undefined ? undefined : systemLine(error.cause);
  return CALLS[String(error.syscall)] ?? messageOf(error);
}
