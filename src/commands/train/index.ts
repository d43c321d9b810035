import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command } from 'commander';
import { addClusterFlags } from '../cluster-flags.js';
import type { TrainFlags } from './flags.js';
import { addSettings } from './options.js';
import { openOutput, type OutputOptions } from '../../app/output.js';

const EXAMPLES: readonly Example[] = [
  [`${KD} train --epochs 10 --samples 1000000`, "the original project's final run"],
  [`${KD} train --data pairs.csv --teacher ./teacher --student ./student --run first`],
  [`${KD} train --recipe roberta-1m --print`, "the original's exact settings"],
  [`${KD} train --recipe roberta-1m --print > run.yaml`, 'to be edited, for --config run.yaml'],
  [`${KD} train --config checkpoints/first/config.json --run again`, 'train a run once more'],
  [`${KD} train --resume`, 'resume the last run exactly where it stopped'],
  [`${KD} train --resume first --epochs 20`, 'resume it with another number of epochs'],
  [`${KD} train --resume first:300`, 'resume it from an earlier checkpoint'],
  [`${KD} train --dry-run`, 'load, count, one step, stop'],
];

/** `kd train` */
export function trainCommand(): Command {
  const command = new Command('train').description(
    "train a student to reproduce the teacher's embeddings, from English or Korean texts",
  );
  addSettings(command, (name) => name === 'recipe')
    .option('--config <file>', "settings from a run's config.json, or YAML; flags override it")
    .option('--print', 'show all settings as a file for --config, and stop');
  addSettings(command, (name) => name !== 'recipe');
  return addClusterFlags(command)
    .optionsGroup('Run:')
    .option('--resume [run|folder]', 'resume a run (default: the last one), or start from one of its checkpoints')
    .option('--dry-run', 'load, count parameters, one step, shapes and memory; write nothing')
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (given: TrainFlags, command: Command) => {
      const { trainOrPrint } = await import('./action.js');
      await trainOrPrint(given, command, openOutput(command.optsWithGlobals<OutputOptions>()));
    });
}
