import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { Command, Option } from 'commander';
import { GROUPINGS } from '../../evaluate/evaluation.js';
import { openOutput, type OutputOptions } from '../../app/output.js';
import {
  backendOption,
  count,
  deviceOption,
  encodingBatchOption,
  list,
  listFrom,
  precisionOption,
  seed,
  warnOfIdle,
} from '../flags.js';
import { formatCount } from '../../base/format.js';
import { DEFAULT_SAMPLES, EVALUATION_DEFAULTS } from '../../app/evaluation/defaults.js';
import type { EvalFlags } from './action.js';

const EXAMPLES: readonly Example[] = [
  [`${KD} eval --compare clip,roberta`],
  [`${KD} eval --compare clip,first:best,second:best --by corpus,length --out results.html results.csv`],
  [`${KD} eval --compare roberta,klue/roberta-small --no-pairs --sts sts-test.tsv`],
];

/** Which pairs to evaluate on, and how to group them. */
const PAIRS_FLAGS: readonly (keyof EvalFlags)[] = ['data', 'koColumn', 'enColumn', 'samples', 'seed', 'by'];

/** `kd eval` */
export function evalCommand(): Command {
  return new Command('eval')
    .description('compare models: distance to the teacher, translations found, similarity')
    .optionsGroup('Models:')
    .requiredOption(
      '--compare <names>',
      "clip (the teacher), roberta (the newest run's best), a run, run:step, a folder, a hub id; separated by commas",
      list,
    )
    .option('--teacher <name>', 'the model whose English embeddings are the reference', EVALUATION_DEFAULTS.teacher)
    .option('--no-baselines', 'leave out the teacher and untrained students, unless named')
    .optionsGroup('Data:')
    .option('--data <path...>', "held-out pairs, or what `kd prepare` made (default: the run's validation pairs)")
    .option('--ko-column <name>', 'the column with the Korean text, if it is not detected')
    .option('--en-column <name>', 'the column with the English text, if it is not detected')
    .option('--samples <pairs>', `pairs to sample (default: all, up to ${formatCount(DEFAULT_SAMPLES)})`, count)
    .option('--seed <number>', 'random seed of the sample', seed, EVALUATION_DEFAULTS.seed)
    .addOption(
      new Option('--by <what>', `also score by group: ${GROUPINGS.join(', ')}; separated by commas`)
        .argParser(listFrom(GROUPINGS))
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--sts <file...>',
        'sentence pairs with human similarity scores (KorSTS, KLUE-STS; score, sentence1, sentence2)',
      ).default([], 'none'),
    )
    .option('--no-pairs', 'only the --sts files')
    .optionsGroup('Machine:')
    .addOption(encodingBatchOption())
    .addOption(precisionOption())
    .addOption(backendOption())
    .addOption(deviceOption())
    .optionsGroup('Results:')
    .addOption(
      new Option(
        '--out <file...>',
        'also write the results as .csv, .md, .html or .json, replacing earlier ones',
      ).default([], 'none'),
    )
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (flags: EvalFlags, command: Command) => {
      const { evaluate } = await import('./action.js');
      const output = openOutput(command.optsWithGlobals<OutputOptions>());
      warnOfIdle(command, [[PAIRS_FLAGS, !flags.pairs, 'with --no-pairs']], output);
      await evaluate(flags, output);
    });
}
