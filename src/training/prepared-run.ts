/** @file Everything a run needs before its first step: batches, both models, the engine. */
import { KD } from '../base/own-command.js';
import { changesNothing } from '../distill/schedule.js';
import { planSteps } from '../distill/train.js';
import { formatCounted, formatHash } from '../base/format.js';
import { checkFit } from '../models/pretrained.js';
import { MAX_LENGTH } from '../text/tokenizer.js';
import type { RunConfig } from '../runs/run-config.js';
import type { Fingerprints } from '../runs/trainer-state.js';
import { checkDevice } from '../tensorflow/backend.js';
import { chooseBatchSize, findFittingBatch } from './batch-size.js';
import {
  checkAlike,
  checkShareable,
  comparedEngine,
  comparedSettings,
  engineOfRanks,
  type RankPlace,
} from './sharing.js';
import { reporterUntil, type Reporter } from '../app/reporter.js';
import type { TrainContext } from './context.js';
import { datasetOf, findData, openPairs, type Dataset } from './dataset.js';
import { chooseEngine } from './engine-choice.js';
import type { EngineParts } from './engine-parts.js';
import { modelFingerprints } from './fingerprints.js';
import { checkPreviewPipeline, planPreviews, type PreviewPlan } from './previews/plan.js';
import { checkRoles, openRunModel, projectStudent, type RunModel } from './models.js';
import { describeRun } from './run-description.js';
import type { AskedSettings, TrainSettings } from './settings.js';
import { checkCacheFolder } from './teacher-cache/cache.js';

/** A run that is ready to start. */
export interface PreparedRun extends EngineParts {
  /** To be closed by the caller that prepared the run. */
  readonly data: Dataset;
  readonly fingerprints: Fingerprints;
  readonly previews: PreviewPlan | undefined;
  /** The contents of the run's `config.json`. */
  readonly description: object;
}

/** How to prepare a run. */
export interface Preparation {
  readonly isTrial?: boolean;
  readonly mayLackModels?: boolean;
  readonly began?: RunConfig['engine'];
  readonly among?: RankPlace | undefined;
}

/** What to do if ranks have different models, or different data. */
const SAME_MODELS = 'give all of them the same model files and tokenizers';
const SAME_DATA = `give all of them the same files of pairs, or a store that \`${KD} prepare\` made once`;

/**
 * Finds the data, opens models, loads TensorFlow and prepares the data, in this order, so that errors appear before the
 * slow parts.
 *
 * @param isTrial keeps nothing that is prepared
 * @param mayLackModels for a dry run: a published model that cannot be reached is replaced by random weights of its
 *   shape; then there are no fingerprints
 * @param began what a resumed run started with
 * @param among for a dry run: this process's rank among several, which are not contacted
 * @throws InputError for anything that is not available or differs among processes; LostRank as soon as one of them is
 *   lost
 */
export function prepareRun(
  asked: AskedSettings,
  context: TrainContext,
  preparation: Preparation = {},
): Promise<PreparedRun> {
  const { ranks, output } = context;
  if (ranks === undefined) return prepare(asked, context, preparation);
  // once a rank is lost, work that continues is silent
  const unlessLost = { ...context, output: reporterUntil(ranks.lost, output) };
  return ranks.unlessLost(prepare(asked, unlessLost, preparation));
}

async function prepare(
  asked: AskedSettings,
  context: TrainContext,
  { isTrial = false, mayLackModels = false, began, among }: Preparation,
): Promise<PreparedRun> {
  const { output, ranks } = context;
  const rank = ranks ?? among;
  if (rank !== undefined) checkShareable(asked);
  await checkDevice(asked.backend, asked.device);
  if (ranks !== undefined) await checkAlike(ranks, comparedSettings(asked), { topic: 'settings' });
  let settings: TrainSettings = {
    ...asked,
    batchSize: asked.batchSize === 'auto' ? 1 : asked.batchSize,
    accumulate: asked.accumulate === 'auto' ? 1 : asked.accumulate,
  };

  // data and previews, as far as they can be checked without reading much
  if (settings.cacheTeacher !== undefined) await checkCacheFolder(settings.cacheTeacher);
  const found = await findData(settings, output);
  const isFirst = rank === undefined || rank.rank === 0; // the others write nothing
  const previews = isFirst ? await planPreviews(settings, output) : undefined;

  // models
  const { teacher, student } = await openModels(settings, output, mayLackModels);
  if (previews !== undefined) {
    const source = { where: `--teacher ${teacher.source}`, width: teacher.model.encoder.width };
    await checkPreviewPipeline(previews, source, output, { isTrial });
  }
  const { randomWeights, seed } = settings;
  const models = mayLackModels ? {} : await modelFingerprints(teacher, student, randomWeights ? seed : undefined);
  if (ranks !== undefined) await checkAlike(ranks, models, { topic: 'models', shown: formatHash, advice: SAME_MODELS });

  // engine
  const encoders = [teacher.model.encoder, student.model.encoder];
  const { place, ...engine } = await engineOfRanks({ ranks, among }, began?.precision, (precision) =>
    chooseEngine(settings, encoders, output, precision),
  );
  const { devices = 1 } = engine;
  if (asked.accumulate === 'auto') settings = { ...settings, accumulate: devices };
  warnOfIdleDevices(settings, devices, output);
  if (ranks !== undefined) await checkAlike(ranks, comparedEngine(engine), { topic: 'engine' });
  const fitting =
    asked.batchSize === 'auto' ? await findFittingBatch({ settings, teacher, student, engine }) : undefined;

  // pairs
  const pairs = await openPairs(found, settings, { teacher, student }, context, isTrial);
  try {
    if (fitting !== undefined)
      settings = {
        ...settings,
        batchSize: chooseBatchSize(fitting, pairs.training.count, settings.accumulate, output),
      };
    const data = datasetOf(pairs, settings);
    warnOfIdleRun(settings, data, output);
    const fingerprints = mayLackModels ? {} : { data: data.fingerprint, ...models };
    if (ranks !== undefined)
      await checkAlike(ranks, { data: data.fingerprint }, { topic: 'data', shown: formatHash, advice: SAME_DATA });
    return {
      settings,
      teacher,
      student,
      engine,
      place,
      data,
      fingerprints,
      previews,
      description: describeRun(settings, { teacher, student }, engine, data, fingerprints),
    };
  } catch (error) {
    await pairs.close();
    throw error;
  }
}

/** Opens the teacher and the student, and checks that they are compatible. */
async function openModels(
  settings: TrainSettings,
  output: Reporter,
  mayLackModels: boolean,
): Promise<{ readonly teacher: RunModel; readonly student: RunModel }> {
  await checkRoles(settings, output, mayLackModels);
  const teacher = await openRunModel('teacher', settings, output, mayLackModels);
  const opened = await openRunModel('student', settings, output, mayLackModels);
  const student = projectStudent(opened, teacher, settings, output);
  checkFit(teacher.model.encoder, student.model.encoder, MAX_LENGTH);
  return { teacher, student };
}

function warnOfIdleDevices({ accumulate }: TrainSettings, devices: number, output: Reporter): void {
  if (accumulate >= devices) return;
  output.warn(
    `--accumulate ${accumulate}: a step's ${accumulate === 1 ? 'one micro-batch leaves' : 'micro-batches leave'} ` +
      `${devices - accumulate} of ${devices} devices idle; a new run can have --accumulate ${devices} with a smaller ` +
      '--batch-size',
  );
}

function warnOfIdleRun(settings: TrainSettings, { training }: Dataset, output: Reporter): void {
  const { totalSteps } = planSteps(training, settings);
  const { learningRate: peak, warmupRatio } = settings;
  if (!changesNothing({ peak, totalSteps, warmupRatio })) return;
  output.warn(
    `${formatCounted(totalSteps, 'step')}, all of warm-up (--warmup-ratio ${warmupRatio}): the learning rate ` +
      'stays 0, and the student as it is; use more steps, or --warmup-ratio 0',
  );
}
