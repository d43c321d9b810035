/**
 * @file The command-line entry point: subcommands and exit codes. No top-level await, so that `require` can load it.
 */
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { OutputOptions } from './app/output.js';
import { errorText, warningText } from './base/colour.js';
import { printEvent, type ErrorEvent } from './base/json-event.js';
import { requireModule } from './base/require-module.js';
import { endOnSignals, isUnderNohup } from './base/stop-signals.js';
import { failureOf } from './commands/failure.js';
import { createProgram, subcommandsFor } from './commands/program.js';
import { watchStandardStreams } from './commands/standard-streams.js';

let command: string | undefined;
let trains = false;
let program: Command | undefined;
/** What kept a module from being loaded. */
let loadError: unknown;
watchStandardStreams(() => ({ command, trains }));
if (isUnderNohup()) process.on('SIGHUP', () => undefined);
endOnSignals(process.argv.includes('--json') ? reportStop : undefined);
process.on('uncaughtException', (error) => {
  process.exit(report(error));
});

const args = process.argv.slice(2);
for (const name of subcommandsFor(args)) preload(`commands/${name}/index.js`);
/** Fulfilled when the command has ended and its errors are reported; rejected if a module cannot be loaded. */
export const ended = main().catch((error: unknown) => {
  if (error === loadError) throw error;
  report(error);
});

async function main(): Promise<void> {
  program = await createProgram(args);
  program.hook('preAction', (_, action) => {
    command = action.name();
    trains = command === 'train' && !['print', 'dryRun'].some((name) => action.getOptionValue(name) === true);
    preload(`commands/${command}/action.js`);
  });
  if (args.length > 0) await program.parseAsync();
  else program.outputHelp();
}

/** Loads a module with `require` where possible, before it is imported. */
function preload(path: string): void {
  try {
    requireModule(fileURLToPath(new URL(path, import.meta.url)));
  } catch (error) {
    loadError = error;
    throw error;
  }
}

/** Prints an error and returns its exit code. */
function report(error: unknown): number {
  const { exitCode, text, event } = failureOf(error, args);
  process.exitCode = exitCode; // set before writing, which may fail
  process.stderr.write(errorText(text));
  if (event !== undefined && program?.opts<OutputOptions>().json === true) printLast(event);
  return exitCode;
}

/** Says what has ended a command that does not say so itself. */
function reportStop(signal: NodeJS.Signals): void {
  const message = `stopped by ${signal}`;
  if (program?.opts<OutputOptions>().quiet !== true) process.stderr.write(`${warningText(message)}\n`);
  printLast({ event: 'error', code: 'STOPPED', message });
}

/** Prints the last event on standard output, unless that is what failed. */
function printLast(event: ErrorEvent): void {
  try {
    printEvent(event);
  } catch {
    // already reported on standard error
  }
}
