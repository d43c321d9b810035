import { KD } from '../../base/own-command.js';
import { examplesText, type Example } from '../help.js';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { PrepareReport } from '../../data/prepare/report.js';
import { DUPLICATE_KINDS, LONG_CHOICES, PREPARE_DEFAULTS, type DuplicateKind } from '../../data/prepare/settings.js';
import { writeFileAtomic } from '../../base/files.js';
import { openOutput, type Output, type OutputOptions } from '../../app/output.js';
import { EXIT } from '../failure.js';
import { count, seed, share } from '../flags.js';
import { formatCounted, formatDuration } from '../../base/format.js';
import { onStopSignals } from '../../base/stop-signals.js';
import { DEFAULTS } from '../../training/settings.js';
import { preparePairs, type PrepareRequest } from '../../app/prepare-pairs.js';
import { preparationPage } from '../../report/write-results.js';
import { reportTables } from '../../app/preparation-text.js';

interface PrepareFlags extends PrepareRequest {
  readonly report?: boolean;
}

const EXAMPLES: readonly Example[] = [
  [`${KD} prepare --data downloads --out prepared --report`],
  [`${KD} prepare --data pairs.csv --out prepared --samples 1000000 --keep-duplicates ko,en`],
  [`${KD} train --data prepared`],
];

const STOPPED = 'stopped; nothing was written';

/** The report page, in the store's folder. */
const PAGE_FILE = 'report.html';

/** `kd prepare` */
export function prepareCommand(): Command {
  return new Command('prepare')
    .description('read, clean, split and tokenise pairs once, for many runs')
    .optionsGroup('Data:')
    .option('--data <path...>', 'files of pairs, or folders of them, unpacked or as .zip', [...DEFAULTS.data])
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
    .option(
      '--keep-duplicates <kinds>',
      `duplicates to keep: ${DUPLICATE_KINDS.join(', ')}, with commas between`,
      duplicateKinds,
      PREPARE_DEFAULTS.keepDuplicates,
    )
    .optionsGroup('Models:')
    .option('--teacher <id|folder>', 'the model whose tokenizer encodes the English texts', DEFAULTS.teacher)
    .option('--student <id|folder>', 'the model whose tokenizer encodes both texts', DEFAULTS.student)
    .option('--teacher-tokenizer <id|folder>', 'its tokenizer, if it is elsewhere')
    .option('--student-tokenizer <id|folder>', 'its tokenizer, if it is elsewhere')
    .optionsGroup('Machine:')
    .option('--threads <count>', 'worker threads (default: one per core)', count)
    .option('--report', `write ${PAGE_FILE}, with charts of token lengths and dropped rows, into the store`)
    .addHelpText('after', () => examplesText(EXAMPLES))
    .action(async (flags: PrepareFlags, command: Command) =>
      prepare(flags, openOutput(command.optsWithGlobals<OutputOptions>())),
    );
}

async function prepare(flags: PrepareFlags, output: Output): Promise<void> {
  const { out } = flags;
  const started = performance.now();
  let isWriting = false;
  const stop = onStopSignals(() => {
    if (isWriting) return;
    output.warn(STOPPED);
    process.exit(EXIT.stopped);
  });
  const onWriting = (): void => {
    isWriting = true;
  };
  try {
    const report = await preparePairs({ ...flags, signal: stop.signal, onWriting }, output);
    const page = join(out, PAGE_FILE);
    if (flags.report === true) await writeFileAtomic(page, await pageOf(flags, report));
    output.result(reportTables(report, output.columns), { event: 'prepared', out, ...report });
    const pairs = report.total.training + report.total.validation;
    output.message(
      `\n${out}: ${formatCounted(pairs, 'pair')} in ${formatDuration((performance.now() - started) / 1000)}`,
    );
    if (flags.report === true) output.message(`report: ${page}`);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    output.warn(STOPPED);
    process.exitCode = EXIT.stopped;
  } finally {
    stop.dispose();
  }
}

/** The report page: sources, settings and results of the preparation. */
function pageOf(flags: PrepareFlags, report: PrepareReport): Promise<string> {
  const { out: folder, data: sources, teacher, student, seed: seedOfSplit } = flags;
  const options: (readonly [string, string] | undefined)[] = [
    flags.samples === undefined ? undefined : ['--samples', String(flags.samples)],
    ['--valid-fraction', String(flags.validFraction)],
    ['--seed', String(seedOfSplit)],
    flags.shuffle ? undefined : ['--no-shuffle', ''],
    ['--long', flags.long],
    flags.keepDuplicates.length === 0 ? undefined : ['--keep-duplicates', flags.keepDuplicates.join(',')],
    flags.koColumn === undefined ? undefined : ['--ko-column', flags.koColumn],
    flags.enColumn === undefined ? undefined : ['--en-column', flags.enColumn],
    flags.teacherTokenizer === undefined ? undefined : ['--teacher-tokenizer', flags.teacherTokenizer],
    flags.studentTokenizer === undefined ? undefined : ['--student-tokenizer', flags.studentTokenizer],
  ];
  return preparationPage({
    folder,
    sources,
    teacher,
    student,
    options: options.filter((option) => option !== undefined),
    report,
  });
}

function duplicateKinds(text: string): DuplicateKind[] {
  const kinds = text.split(',').map((kind) => kind.trim());
  const isKnown = (kind: string): kind is DuplicateKind => (DUPLICATE_KINDS as readonly string[]).includes(kind);
  if (kinds.every(isKnown)) return kinds;
  throw new InvalidArgumentError(`Expected some of ${DUPLICATE_KINDS.join(', ')} with commas between, such as ko,en.`);
}
