/** @file The command line as a process: subcommands and exit codes, nothing else. Waits for nothing at its top: `require` loads it. */
import type { OutputOptions } from './app/output.js';
import { failureOf } from './commands/failure.js';
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
  process.stderr.write(text);
  if (event !== undefined && program.opts<OutputOptions>().json === true)
    process.stdout.write(`${JSON.stringify(event)}\n`);
  return exitCode;
}
