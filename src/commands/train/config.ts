/** @file `--config`: settings from a file, which override defaults and recipes. */
import type { Command } from 'commander';
import type { Output } from '../../app/output.js';
import { readConfigFile } from '../../training/config-file.js';
import { flagOf, formatSetting } from '../../training/settings.js';

/** The source of an option whose value comes from the file. */
const FROM_FILE = 'file';

/** Sets a command's options from a file. Flags given on the command line win, with a message. */
export async function takeConfig(path: string, command: Command, output: Output): Promise<void> {
  for (const [name, value] of Object.entries(await readConfigFile(path))) {
    const given: unknown = command.getOptionValue(name);
    if (command.getOptionValueSource(name) !== 'cli') command.setOptionValueWithSource(name, value, FROM_FILE);
    else if (JSON.stringify(given) !== JSON.stringify(value))
      output.message(
        `${flagOf(name)} ${formatSetting(given, 'none')} instead of ${formatSetting(value, 'none')} in ${path}`,
      );
  }
}

/** Whether an option was given, as a flag or in the file. */
export function isGiven(name: string, command: Command): boolean {
  return ['cli', FROM_FILE].includes(command.getOptionValueSource(name) ?? '');
}
