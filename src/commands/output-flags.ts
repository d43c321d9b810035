import type { Command } from 'commander';

/** Adds the flags that every command has. */
export function addOutputFlags(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--quiet', 'no messages and no progress', false)
    .option('--json', 'one JSON object a line on standard output, nothing else there', false);
}
