/** @file The command line as a process: subcommands and exit codes. It has no top-level await: `require` loads it. */
import { createRequire } from 'node:module';
import type { Command } from 'commander';
import type { OutputOptions } from './app/output.js';
import { errorText } from './base/colour.js';
import { failureOf, type ErrorEvent } from './commands/failure.js';
import { createProgram, subcommandsFor } from './commands/program.js';
import { watchStandardStreams } from './commands/standard-streams.js';

let command: string | undefined;
let program: Command | undefined;
watchStandardStreams(() => command);
process.on('uncaughtException', (error) => {
  process.exit(report(error));
});

const args = process.argv.slice(2);
for (const name of subcommandsFor(args)) preload(name);
void main().catch(report);

async function main(): Promise<void> {
  program = await createProgram(args);
  program.hook('preAction', (_, action) => {
    command = action.name();
  });
  if (args.length > 0) await program.parseAsync();
  else program.outputHelp();
}

/**
 * Loads a subcommand by `require`, which opens one file after the other, where `import` opens hundreds at once. Where
 * this version of Node cannot, it is left to `import`.
 */
function preload(name: string): void {
  try {
    createRequire(import.meta.url)(`./commands/${name}/index.js`);
  } catch (error) {
    if (!/^ERR_REQUIRE_(ESM|ASYNC_MODULE)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Says what went wrong and gives the exit code for it. */
function report(error: unknown): number {
  const { exitCode, text, event } = failureOf(error);
  process.exitCode = exitCode; // before anything is written: a reader may be gone
  process.stderr.write(errorText(text));
  if (event !== undefined && program?.opts<OutputOptions>().json === true) printEvent(event);
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
