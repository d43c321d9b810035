/** @file How the command ends, and what it says of what went wrong. */
import { CommanderError } from 'commander';
import { messageOf } from '../base/errors.js';
import { inputFailure } from '../base/input-failure.js';

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
  const line = inputFailure(error);
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
