/** @file The command line: subcommands and exit codes, nothing else. */
import { Command } from 'commander';
import { doctorCommand } from './commands/doctor/index.js';
import { encodeCommand } from './commands/encode/index.js';
import { evalCommand } from './commands/eval/index.js';
import { exportCommand } from './commands/export/index.js';
import { failureOf } from './commands/failure.js';
import { generateCommand } from './commands/generate/index.js';
import { prepareCommand } from './commands/prepare/index.js';
import { reportCommand } from './commands/report/index.js';
import { trainCommand } from './commands/train/index.js';
import { VERSION } from './version.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error; // the reader has seen enough: `kd … | head`
});
process.on('uncaughtException', (error) => { process.exit(report(error)); });

const program = new Command('kd')
  .description('Teaches a small Korean and English text encoder to speak CLIP-L\'s language.')
  .version(VERSION, '--version', 'print the version')
  .option('--quiet', 'no messages and no progress; warnings and errors only')
  .option('--json', 'one JSON object a line on standard output, nothing else there')
  .showSuggestionAfterError()
  .addHelpText('after', '\nExample:\n  $ kd train --epochs 10 --samples 1000000\n\n`kd <command> --help` says more.')
  .addCommand(prepareCommand())
  .addCommand(trainCommand())
  .addCommand(evalCommand())
  .addCommand(encodeCommand())
  .addCommand(exportCommand())
  .addCommand(generateCommand())
  .addCommand(reportCommand())
  .addCommand(doctorCommand());

for (const command of [program, ...program.commands]) {
  command
    .helpOption('--help', 'what it does, with an example')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: () => undefined }) // `report` says it, on one line
    .exitOverride();
}

if (process.argv.length > 2) await program.parseAsync().catch((error: unknown) => { process.exitCode = report(error); });
else program.outputHelp();

/** Says what went wrong and gives the exit code for it. */
function report(error: unknown): number {
  const { exitCode, text } = failureOf(error);
  process.stderr.write(text);
  return exitCode;
}
