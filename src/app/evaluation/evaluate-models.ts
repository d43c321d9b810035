/** @file Compares models, from names to scores: opens models and pairs, encodes, measures. */
import { VERSION } from '../../base/version.js';
import type { EvaluationSetting, PairsEvaluation, RunEvaluations, StsEvaluation } from '../../evaluate/evaluation.js';
import { evaluatePairs } from '../../evaluate/pairs.js';
import { readStsFile } from '../../evaluate/sts-file.js';
import { evaluateSts } from '../../evaluate/sts.js';
import type { Progress, Reporter } from '../reporter.js';
import { openComparison, type Comparison } from './comparison.js';
import type { EvaluationRequest } from './evaluation-request.js';
import { openPairs, type OpenPairs } from './pairs.js';
import { disposeAll, engineOf, startModels, type StartedModels } from './started-models.js';

/** The scores of a comparison, and the runs they belong to. */
export interface EvaluationResult {
  readonly results: RunEvaluations;
  /** The folders of the runs whose checkpoints were compared. */
  readonly runs: readonly string[];
}

/**
 * Compares models by distance to the teacher, retrieval of translations, and agreement with human similarity scores.
 *
 * @throws InputError for a model, pairs or a file that is not available; the reporter's abort reason
 */
export async function evaluateModels(request: EvaluationRequest, reporter: Reporter): Promise<EvaluationResult> {
  const judged = await Promise.all(request.sts.map(async (file) => ({ file, pairs: await readStsFile(file) })));
  const { compare: names, teacher, baselines } = request;
  const comparison = await openComparison({ names, teacher, baselines, needsTeacher: request.pairs }, reporter);
  const pairs = request.pairs ? await openPairs(request, comparison, reporter) : undefined;
  let started: StartedModels | undefined;
  try {
    started = await startModels(request, comparison, reporter);
    const batchSize =
      request.batchSize ?? Math.min(...[...started.underTest.values()].map((each) => each.engine.batchSize));
    const setting = { kd: VERSION, engine: engineOf(started), batch_size: batchSize };
    const compared = pairs && (await comparePairs(pairs, comparison, started, request, setting, reporter));
    const sts: StsEvaluation[] = [];
    for (const file of judged) sts.push(await compareSts(file, comparison, started, setting, reporter));
    return { results: { ...(compared && { pairs: compared }), sts }, runs: comparison.runs };
  } finally {
    if (started !== undefined) disposeAll(started.underTest);
    await pairs?.close();
  }
}

type Setting = Omit<EvaluationSetting, 'created'>;

async function comparePairs(
  { pairs, description }: OpenPairs,
  { teacher, models }: Comparison,
  { underTest }: StartedModels,
  request: EvaluationRequest,
  setting: Setting,
  reporter: Reporter,
): Promise<PairsEvaluation> {
  const reading = reporter.progress('encoding', pairs.count, 'pairs');
  let ranking: Progress | undefined;
  try {
    const scores = await evaluatePairs(
      underTest.get(teacher!)!,
      models.map((model) => underTest.get(model)!),
      pairs,
      { batchSize: setting.batch_size, groupings: request.by },
      {
        onEncoded: (done) => {
          reading.update(done);
          reporter.signal?.throwIfAborted();
        },
        onRanked: (done, total) => {
          reading.stop();
          ranking ??= reporter.progress('ranking', total, 'texts');
          ranking.update(done);
          reporter.signal?.throwIfAborted();
        },
      },
    );
    return { created: new Date().toISOString(), ...setting, data: description, teacher: teacher!.name, models: scores };
  } finally {
    reading.stop();
    ranking?.stop();
  }
}

async function compareSts(
  { file, pairs }: { file: string; pairs: Awaited<ReturnType<typeof readStsFile>> },
  { models }: Comparison,
  { underTest }: StartedModels,
  setting: Setting,
  reporter: Reporter,
): Promise<StsEvaluation> {
  const tested = models.map((model) => underTest.get(model)!);
  const progress = reporter.progress(file, pairs.length * tested.length, 'pairs');
  const scores = await evaluateSts(tested, pairs, setting.batch_size, (done) => {
    progress.update(done);
    reporter.signal?.throwIfAborted();
  }).finally(() => {
    progress.stop();
  });
  return { created: new Date().toISOString(), ...setting, file, pairs: pairs.length, models: scores };
}
