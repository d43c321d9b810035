import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command } from 'commander';
import { openOutput, type OutputOptions } from '../../app/output.js';
import type { RunsFlags } from './action.js';

const EXAMPLES: readonly Example[] = [
  [`${KD} runs`, 'the runs under checkpoints/, the newest first'],
  [`${KD} runs --json`, 'one JSON object per run'],
  [`${KD} runs --remove first`, 'removes it, after asking'],
  [`${KD} runs --remove-prepared`, 'removes the prepared data that no run uses, after asking'],
];

/** `kd runs` */
export function runsCommand(): Command {
  return new Command('runs')
    .description('list the runs: state, step, best loss, data, date, size; or remove some')
    .option('--remove <name...>', 'remove these runs with their checkpoints, after asking')
    .option('--remove-prepared', 'remove prepared data under checkpoints/ that no run uses, after asking')
    .option('--yes', 'remove without asking')
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (flags: RunsFlags, command: Command) => {
      const { runs } = await import('./action.js');
      await runs(flags, openOutput(command.optsWithGlobals<OutputOptions>()));
    });
}
