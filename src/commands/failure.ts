/** @file The command's exit codes and error messages. */
import { KD } from '../base/own-command.js';
import { CommanderError } from 'commander';
import { InputError, messageOf } from '../base/errors.js';
import { inputFailure } from '../base/input-failure.js';
import type { ErrorEvent } from '../base/json-event.js';
import { namedSubcommand, withoutGlobalFlags } from './arguments.js';

/** Done; bad input; a bug; stopped by the user after saving (128 + SIGINT, as in shells). */
export const EXIT = { done: 0, input: 1, bug: 2, stopped: 130 } as const;

/** Commander's code for arguments beyond those that a command takes. */
export const EXCESS = 'commander.excessArguments';

/** The `code` of an unknown flag or argument. */
const USAGE = 'USAGE';

/** How a failed command ends. */
export interface Failure {
  readonly exitCode: number;
  /** For standard error: one line for bad input, a stack for a bug, empty after help or version. */
  readonly text: string;
  /** The same for programs, with `--json`; absent if nothing failed. */
  readonly event?: ErrorEvent;
}

/**
 * The failure to report for a thrown value.
 *
 * @param args the command's arguments, for what commander does not say
 */
export function failureOf(error: unknown, args: readonly string[] = []): Failure {
  if (error instanceof CommanderError) return usageFailure(error, args);
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

/** Commander also throws after help and version, and begins its errors with `error: `, some of them on two lines. */
function usageFailure(error: CommanderError, args: readonly string[]): Failure {
  if (error.exitCode === 0) return { exitCode: EXIT.done, text: '' };
  if (error.code === 'commander.help') {
    const [first, topic] = withoutGlobalFlags(args);
    const got = first === 'help' && topic !== undefined ? `, got ${JSON.stringify(topic)}` : '';
    return badInput(USAGE, `expected a command${got}; \`${KD} --help\` lists them`);
  }
  const text = error.message.replace(/^error: /, '').replace(/\s*\n(?=\(Did you mean )/, ' ');
  const { message } = new InputError(text.trim()); // printable and not too long
  return badInput(USAGE, `${message}${usageHint(error, args)}`);
}

/** Where to look what a command takes, if commander's message does not say it. */
function usageHint({ code, message }: CommanderError, args: readonly string[]): string {
  const command = namedSubcommand(args);
  const help = `\`${[KD, ...(command === undefined ? [] : [command]), '--help'].join(' ')}\``;
  if (code === EXCESS) return `; ${help} shows what it takes`;
  if (code === 'commander.missingMandatoryOptionValue') return `; ${help} shows examples`;
  const isUnknown = code.startsWith('commander.unknown') && !message.includes('Did you mean');
  return isUnknown ? `; ${help} lists what exists` : '';
}
