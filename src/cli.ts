/** @file The command line as a process: subcommands and exit codes. It has no top-level await: `require` loads it. */
import type { OutputOptions } from './app/output.js';
import { errorText } from './base/colour.js';
import { failureOf, type ErrorEvent } from './commands/failure.js';
import { createProgram } from './commands/program.js';
import { watchStandardStreams } from './commands/standard-streams.js';

let command: string | undefined;
const program = createProgram().hook('preAction', (_, action) => {
  command = action.name();
});
watchStandardStreams(() => command);
process.on('uncaughtException', (error) => {
  process.exit(report(error));
});

if (process.argv.length > 2)
  void program.parseAsync().catch((error: unknown) => {
    report(error);
  });
else program.outputHelp();

/** Says what went wrong and gives the exit code for it. */
function report(error: unknown): number {
  const { exitCode, text, event } = failureOf(error);
  process.exitCode = exitCode; // before anything is written: a reader may be gone
  process.stderr.write(errorText(text));
  if (event !== undefined && program.opts<OutputOptions>().json === true) printEvent(event);
  return exitCode;
}

/** Prints an event on standard output, where that can still be written to: it may be what failed. */
function printEvent(event: ErrorEvent): void {
  try {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  } catch {
    // standard error has said it
  }
}
