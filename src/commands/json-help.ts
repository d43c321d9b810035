/** @file Help and the version with `--json`: events, as every line of standard output is one then. */
import type { Command } from 'commander';
import { printEvent } from '../base/json-event.js';
import { VERSION } from '../base/version.js';

/**
 * Makes a program print its version and its help texts as events.
 *
 * @param program with all its subcommands
 */
export function printHelpAsEvents(program: Command): void {
  let text = '';
  const writeOut = (part: string): void => {
    if (part === `${VERSION}\n`) printEvent({ event: 'version', version: VERSION });
    else text += part;
  };
  for (const command of [program, ...program.commands]) command.configureOutput({ writeOut });
  program.addHelpText('afterAll', ({ command, error }) => {
    if (!error)
      printEvent({ event: 'help', command: command === program ? null : command.name(), text: text.trimEnd() });
    return '';
  });
}
