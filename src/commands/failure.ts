/** @file Exit codes of the command, and its error messages. */
import { KD } from '../base/own-command.js';
import { CommanderError } from 'commander';
import { messageOf } from '../base/errors.js';
import { inputFailure } from '../base/input-failure.js';

/** Done; bad input; a bug; stopped by the user after saving, as shells count a process that SIGINT ended. */
export const EXIT = { done: 0, input: 1, bug: 2, stopped: 130 } as const;

/** The `code` of flags and arguments that the command does not have. */
const USAGE = 'USAGE';

/** How a command ends that failed. */
export interface Failure {
  readonly exitCode: number;
  /** For standard error: one line for bad input, a stack for a bug, nothing where help or a version was asked for. */
  readonly text: string;
  /** The same for programs, with `--json`; absent where nothing failed. */
  readonly event?: ErrorEvent;
}

/** The last line of standard output of a command that failed, with `--json`. */
export interface ErrorEvent {
  readonly event: 'error';
  /** What kind of error it is: that of an `InputError`, `SYSTEM`, `USAGE` for flags and arguments, or `BUG`. */
  readonly code: string;
  /** What standard error says, on one line and without a stack. */
  readonly message: string;
}

/** What to say of whatever was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return usageFailure(error);
  const failure = inputFailure(error);
  if (failure !== undefined) return badInput(failure.code, failure.message);
  return {
    exitCode: EXIT.bug,
    text: `bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    event: { event: 'error', code: 'BUG', message: messageOf(error) },
  };
}

function badInput(code: string, message: string): Failure {
  return { exitCode: EXIT.input, text: `error: ${message}\n`, event: { event: 'error', code, message } };
}

/** Commander throws after help and version too, and words its errors as `error: …`, some on two lines. */
function usageFailure(error: CommanderError): Failure {
  if (error.exitCode === 0) return { exitCode: EXIT.done, text: '' };
  if (error.code === 'commander.help') return badInput(USAGE, `expected a command; \`${KD} --help\` lists them`);
  const isUnknown = error.code.startsWith('commander.unknown') && !error.message.includes('Did you mean');
  const hint = isUnknown ? `; \`${KD} --help\` lists what exists` : '';
  return badInput(USAGE, `${messageOf(error).replace(/^error: /, '')}${hint}`);
}
