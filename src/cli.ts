/** @file The command line as a process: subcommands and exit codes, nothing else. Waits for nothing at its top: `require` loads it. */
import { failureOf } from './commands/failure.js';
import { createProgram } from './commands/program.js';
import { watchStandardStreams } from './commands/standard-streams.js';

let command: string | undefined;
watchStandardStreams(() => command);
process.on('uncaughtException', (error) => {
  process.exit(report(error));
});

const program = createProgram().hook('preAction', (_, action) => {
  command = action.name();
});
if (process.argv.length > 2)
  void program.parseAsync().catch((error: unknown) => {
    process.exitCode = report(error);
  });
else program.outputHelp();

/** Says what went wrong and gives the exit code for it. */
function report(error: unknown): number {
  const { exitCode, text } = failureOf(error);
  process.stderr.write(text);
  return exitCode;
}
