import { Command, Option } from 'commander';
import { encoderEngine } from '../../engine/encoder.js';
import type { DeviceChoice } from '../../tensorflow/gpu-choice.js';
import { loadBackend, type BackendChoice, type BackendInfo } from '../../tensorflow/backend.js';
import { InputError } from '../../base/errors.js';
import {
  GROUPINGS,
  type EvaluationSetting,
  type Grouping,
  type PairsEvaluation,
  type RunEvaluations,
  type StsEvaluation,
} from '../../evaluate/evaluation.js';
import type { ModelUnderTest } from '../../evaluate/model.js';
import { evaluatePairs } from '../../evaluate/pairs.js';
import { evaluateSts } from '../../evaluate/sts.js';
import { readStsFile } from '../../evaluate/sts-file.js';
import { textTable } from '../../evaluate/table-text.js';
import { countParameters } from '../../models/text-encoder.js';
import { VERSION } from '../../base/version.js';
import { openOutput, type Output, type OutputOptions } from '../../app/output.js';
import { backendOption, count, deviceOption, list, seed } from '../flags.js';
import { formatCount } from '../../base/format.js';
import { openLineUp, type Entrant, type LineUp } from '../../app/evaluation/line-up.js';
import { DEFAULT_SAMPLES, openPairs, type OpenPairs } from '../../app/evaluation/pairs.js';
import { checkOutputs, keepResults, tablesOf, writeResults } from './results.js';

interface EvalFlags {
  readonly compare: readonly string[];
  readonly teacher: string;
  readonly baselines: boolean;
  readonly data?: readonly string[];
  readonly koColumn?: string;
  readonly enColumn?: string;
  readonly samples?: number;
  readonly seed: number;
  readonly pairs: boolean;
  readonly sts: readonly string[];
  readonly by: readonly Grouping[];
  readonly batchSize: number;
  readonly out: readonly string[];
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

const EXAMPLES = `
Examples:
  $ kd eval --compare clip,roberta
  $ kd eval --compare clip,first:best,second:best --by corpus,length --out results.html results.csv
  $ kd eval --compare roberta,klue/roberta-small --no-pairs --sts sts-test.tsv`;

/** `kd eval` */
export function evalCommand(): Command {
  return new Command('eval')
    .description('compare models: distance to the teacher, translations found, similarity')
    .optionsGroup('Models:')
    .requiredOption(
      '--compare <names>',
      "clip (the teacher), roberta (the newest run's best), a run, run:step, a folder, a hub id; commas between",
      list,
    )
    .option('--teacher <name>', 'whose English embeddings are the measure', 'clip')
    .option('--no-baselines', 'leave out the teacher and untrained students, unless named')
    .optionsGroup('Data:')
    .option('--data <path...>', "held-out pairs, or what `kd prepare` made (default: the run's validation pairs)")
    .option('--ko-column <name>', 'the column with the Korean text (else ko, korea, korean)')
    .option('--en-column <name>', 'the column with the English text (else en, english)')
    .option('--samples <pairs>', `pairs to draw (default: all, up to ${formatCount(DEFAULT_SAMPLES)})`, count)
    .option('--seed <number>', 'decides which are drawn', seed, 42)
    .addOption(
      new Option('--by <what>', `scores of groups, too: ${GROUPINGS.join(', ')}; commas between`)
        .argParser(groupings)
        .default([], 'none'),
    )
    .addOption(
      new Option('--sts <file...>', 'judged pairs (KorSTS, KLUE-STS; score, sentence1, sentence2)').default([], 'none'),
    )
    .option('--no-pairs', 'only the --sts files')
    .optionsGroup('Machine:')
    .option('--batch-size <pairs>', 'pairs at once', count, 32)
    .addOption(backendOption())
    .addOption(deviceOption())
    .optionsGroup('Results:')
    .addOption(
      new Option('--out <file...>', 'results as .csv, .md, .html or .json, too; earlier results are replaced').default(
        [],
        'none',
      ),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (flags: EvalFlags, command: Command) =>
      evaluate(flags, openOutput(command.optsWithGlobals<OutputOptions>())),
    );
}

async function evaluate(flags: EvalFlags, output: Output): Promise<void> {
  if (!flags.pairs && flags.sts.length === 0)
    throw new InputError('--no-pairs: expected files of judged pairs in their place, got none; name them with --sts');
  await checkOutputs(flags.out);
  const judged = await Promise.all(flags.sts.map(async (file) => ({ file, pairs: await readStsFile(file) })));
  const { compare: names, teacher, baselines } = flags;
  const lineUp = await openLineUp({ names, teacher, baselines, needsTeacher: flags.pairs }, output);
  const pairs = flags.pairs ? await openPairs(flags, lineUp, output) : undefined;
  const models = await startModels(flags, lineUp, output);
  try {
    const setting = { kd: VERSION, engine: engineOf(models.backend), batch_size: flags.batchSize };
    const results: RunEvaluations = {
      ...(pairs === undefined ? {} : { pairs: await comparePairs(pairs, lineUp, models, flags, setting, output) }),
      sts: [],
    };
    const sts: StsEvaluation[] = [];
    for (const file of judged) sts.push(await compareSts(file, lineUp, models, flags, setting, output));
    await finish({ ...results, sts }, lineUp, flags, output);
  } finally {
    for (const { engine } of models.byEntrant.values()) engine.dispose();
    await pairs?.close();
  }
}

interface StartedModels {
  readonly backend: BackendInfo;
  readonly byEntrant: ReadonlyMap<Entrant, ModelUnderTest>;
}

/** Loads every model once, the teacher too where it is not compared. */
async function startModels(
  { backend: backendChoice, device, pairs }: EvalFlags,
  { teacher, entrants }: LineUp,
  output: Output,
): Promise<StartedModels> {
  const { reason, ...backend } = await loadBackend(backendChoice, device);
  if (reason !== undefined) output.warn(reason);
  const byEntrant = new Map<Entrant, ModelUnderTest>();
  for (const entrant of new Set(pairs ? [teacher!, ...entrants] : entrants)) {
    const {
      name,
      role,
      opened: { source, tokenizer, model },
    } = entrant;
    const parameters = countParameters(model.encoder.shapes);
    output.message(`${name}: ${source}, ${formatCount(parameters)} parameters, width ${model.encoder.width}`);
    byEntrant.set(entrant, {
      facts: {
        name,
        role,
        source,
        parameters,
        bytes: model.storedBytes === 0 ? null : model.storedBytes,
        width: model.encoder.width,
      },
      tokenizer,
      engine: await encoderEngine(model.encoder, model.parameters()),
    });
  }
  return { backend, byEntrant };
}

function engineOf({ backend, device, version }: BackendInfo): EvaluationSetting['engine'] {
  return { backend, device, tensorflow: version ?? null };
}

type Setting = Omit<EvaluationSetting, 'created'>;

async function comparePairs(
  { pairs, description }: OpenPairs,
  { teacher, entrants }: LineUp,
  { byEntrant }: StartedModels,
  flags: EvalFlags,
  setting: Setting,
  output: Output,
): Promise<PairsEvaluation> {
  const reading = output.progress('encoding', pairs.count, 'pairs');
  let ranking: ReturnType<Output['progress']> | undefined;
  try {
    const models = await evaluatePairs(
      byEntrant.get(teacher!)!,
      entrants.map((entrant) => byEntrant.get(entrant)!),
      pairs,
      { batchSize: flags.batchSize, groupings: flags.by },
      {
        onEncoded: (done) => {
          reading.update(done);
        },
        onRanked: (done, total) => {
          reading.stop();
          ranking ??= output.progress('ranking', total, 'texts');
          ranking.update(done);
        },
      },
    );
    return { created: new Date().toISOString(), ...setting, data: description, teacher: teacher!.name, models };
  } finally {
    reading.stop();
    ranking?.stop();
  }
}

async function compareSts(
  { file, pairs }: { file: string; pairs: Awaited<ReturnType<typeof readStsFile>> },
  { entrants }: LineUp,
  { byEntrant }: StartedModels,
  { batchSize }: EvalFlags,
  setting: Setting,
  output: Output,
): Promise<StsEvaluation> {
  const models = entrants.map((entrant) => byEntrant.get(entrant)!);
  const progress = output.progress(file, pairs.length * models.length, 'pairs');
  const scores = await evaluateSts(models, pairs, batchSize, (done) => {
    progress.update(done);
  }).finally(() => {
    progress.stop();
  });
  return { created: new Date().toISOString(), ...setting, file, pairs: pairs.length, models: scores };
}

/** Shows the results, writes them, and keeps them in the runs' folders. */
async function finish(results: RunEvaluations, lineUp: LineUp, flags: EvalFlags, output: Output): Promise<void> {
  output.result(tablesOf(results).map(textTable).join('\n\n'), { event: 'evaluation', ...results });
  await writeResults(flags.out, results, output);
  await keepResults(lineUp.runs, results, output);
}

function groupings(text: string): Grouping[] {
  return list(text).map((name) => {
    const found = GROUPINGS.find((by) => by === name);
    if (found === undefined)
      throw new InputError(`--by: expected ${GROUPINGS.join(' or ')}, got ${JSON.stringify(name)}`);
    return found;
  });
}
