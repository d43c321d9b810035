/** @file Events: what a command prints with `--json`, described in docs/json.md. */
import { printableJson } from './errors.js';

/** With `--json`: the last line that a command prints on standard output if it failed or was stopped. */
export interface ErrorEvent {
  readonly event: 'error';
  /** The kind of error: an `InputError`'s code, `SYSTEM`, `USAGE` for flags and arguments, `STOPPED`, or `BUG`. */
  readonly code: string;
  /** The message on standard error, on one line and without a stack. */
  readonly message: string;
}

/** Prints an event, as one line on standard output. */
export function printEvent(event: object): void {
  process.stdout.write(`${printableJson(event)}\n`);
}
