/** @file `--config`: settings from a file, in place of defaults and of a recipe's. */
import type { Command } from 'commander';
import type { Output } from '../../app/output.js';
import { readConfigFile } from '../../training/config-file.js';
import { flagOf, shownSetting } from '../../training/settings.js';

/** Where the value of an option comes from that stands in a file. */
const FROM_FILE = 'file';

/** Gives a command's options the values in a file. What was given as a flag wins, and that is said. */
export async function takeConfig(path: string, command: Command, output: Output): Promise<void> {
  for (const [name, value] of Object.entries(await readConfigFile(path))) {
    const given: unknown = command.getOptionValue(name);
    if (command.getOptionValueSource(name) !== 'cli') command.setOptionValueWithSource(name, value, FROM_FILE);
    else if (JSON.stringify(given) !== JSON.stringify(value))
      output.message(
        `${flagOf(name)} ${shownSetting(given, 'none')} instead of ${shownSetting(value, 'none')} in ${path}`,
      );
  }
}

/** Whether an option was given: as a flag, or in a file. */
export function isGiven(name: string, command: Command): boolean {
  return ['cli', FROM_FILE].includes(command.getOptionValueSource(name) ?? '');
}
