/** @file The command line: subcommands and exit codes, nothing else. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { doctorCommand } from './commands/doctor.js';
import { encodeCommand } from './commands/encode.js';
import { trainCommand } from './commands/train/index.js';
import { InputError, messageOf } from './errors.js';

/** Done; bad input; a bug. */
const EXIT = { done: 0, input: 1, bug: 2 } as const;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error; // the reader has seen enough: `kd … | head`
});

const program = new Command('kd')
  .description('Teaches a small Korean and English text encoder to speak CLIP-L\'s language.')
  .version(version, '--version', 'print the version')
  .helpOption('--help', 'what it does, with an example')
  .showSuggestionAfterError()
  .addHelpText('after', '\nExample:\n  $ kd train --epochs 10 --samples 1000000\n\n`kd <command> --help` says more.')
  .addCommand(trainCommand())
  .addCommand(encodeCommand())
  .addCommand(doctorCommand());
for (const command of [program, ...program.commands]) command.exitOverride().helpOption('--help', 'what it does, with an example');

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Says what went wrong and gives the exit code for it. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.input; // commander has said it
  if (error instanceof InputError || isSystemError(error)) {
    process.stderr.write(`error: ${messageOf(error)}\n`);
    return EXIT.input;
  }
  process.stderr.write(`bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.bug;
}

/** A refusal of the operating system: no such file, no permission, no space. Its message names call and path. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
