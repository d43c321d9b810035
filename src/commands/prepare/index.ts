import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command, Option } from 'commander';
import { DUPLICATE_KINDS, LONG_CHOICES, PREPARE_DEFAULTS } from '../../data/prepare/settings.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import { count, listFrom, seed, share } from '../flags.js';
import { DEFAULTS } from '../../training/settings.js';
import type { PrepareFlags } from './action.js';

const EXAMPLES: readonly Example[] = [
  [`${KD} prepare --data downloads --out prepared --report`],
  [`${KD} prepare --data pairs.csv --out prepared --samples 1000000 --keep-duplicates ko,en`],
  [`${KD} train --data prepared`],
];

/** `kd prepare` */
export function prepareCommand(): Command {
  return new Command('prepare')
    .description('read, clean, split and tokenise pairs once, for many runs')
    .optionsGroup('Data:')
    .addOption(
      new Option('--data <path...>', 'files of pairs, or folders of them, unpacked or as .zip').default(
        [...DEFAULTS.data],
        'data/',
      ),
    )
    .requiredOption('--out <folder>', 'the token store: Apache Arrow files and a manifest')
    .option('--ko-column <name>', 'the column with the Korean text, if it is not detected')
    .option('--en-column <name>', 'the column with the English text, if it is not detected')
    .optionsGroup('Pairs:')
    .option('--samples <pairs>', 'pairs to use, training and validation together (default: all)', count)
    .option('--valid-fraction <share>', 'share of the pairs kept for validation', share, PREPARE_DEFAULTS.validFraction)
    .option('--seed <number>', 'random seed of sample, order and split', seed, PREPARE_DEFAULTS.seed)
    .option('--no-shuffle', 'keep the order of the files; validation takes the last pairs; drop only empty texts')
    .addOption(
      new Option('--long <choice>', 'pairs with a text over 77 tokens')
        .choices(LONG_CHOICES)
        .default(PREPARE_DEFAULTS.long),
    )
    .addOption(
      new Option(
        '--keep-duplicates <kinds>',
        `kinds of duplicates to keep: ${DUPLICATE_KINDS.join(', ')}; separated by commas`,
      )
        .argParser(listFrom(DUPLICATE_KINDS))
        .default(PREPARE_DEFAULTS.keepDuplicates, 'none'),
    )
    .optionsGroup('Models:')
    .option('--teacher <id|folder>', 'the model whose tokenizer encodes the English texts', DEFAULTS.teacher)
    .option('--student <id|folder>', 'the model whose tokenizer encodes both texts', DEFAULTS.student)
    .option('--teacher-tokenizer <id|folder>', 'its tokenizer, if it is elsewhere')
    .option('--student-tokenizer <id|folder>', 'its tokenizer, if it is elsewhere')
    .optionsGroup('Machine:')
    .option('--threads <count>', 'worker threads (default: one per core)', count)
    .option('--report', 'write report.html, with charts of token lengths and dropped rows, into the store')
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (flags: PrepareFlags, command: Command) => {
      const { prepare } = await import('./action.js');
      await prepare(flags, openOutput(command.optsWithGlobals<OutputOptions>()));
    });
}
