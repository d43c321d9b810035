/**
 * @file The command-line entry point: subcommands and exit codes. No top-level await, so that `require` can load it.
 */
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
 * Loads a subcommand with `require`, which opens files one at a time; `import` opens hundreds at once. Node versions
 * that cannot `require` ES modules fall back to `import`.
 */
function preload(name: string): void {
  try {
    createRequire(import.meta.url)(`./commands/${name}/index.js`);
  } catch (error) {
    if (!/^ERR_REQUIRE_(ESM|ASYNC_MODULE)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Prints an error and returns its exit code. */
function report(error: unknown): number {
  const { exitCode, text, event } = failureOf(error);
  process.exitCode = exitCode; // set before writing, which may fail
  process.stderr.write(errorText(text));
  if (event !== undefined && program?.opts<OutputOptions>().json === true) printEvent(event);
  return exitCode;
}

/** Prints an event on standard output, unless that is what failed. */
function printEvent(event: ErrorEvent): void {
  try {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  } catch {
    // already reported on standard error
  }
}
