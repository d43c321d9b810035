/** @file Everything a run needs before its first step: batches, both models, the engine. */
import { KD } from '../base/own-command.js';
import { isAlwaysZero } from '../distill/schedule.js';
import { planSteps } from '../distill/train.js';
import { formatCounted, formatHash } from '../base/format.js';
import { checkFit } from '../models/model-fit.js';
import { MAX_LENGTH } from '../text/max-length.js';
import type { RunConfig } from '../runs/run-config.js';
import type { Fingerprints } from '../runs/trainer-state.js';
import { checkDevice } from '../tensorflow/backend.js';
import { chooseBatchSize, findFittingBatch } from './batch-size.js';
import {
  checkEqualOnRanks,
  checkShareable,
  comparedEngine,
  comparedSettings,
  chooseEngineOnRanks,
  type AssumedRanks,
} from './sharing.js';
import { reporterUntil, type Reporter } from '../app/reporter.js';
import type { TrainContext } from './context.js';
import { datasetOf, findData, openPairs, type Dataset } from './dataset.js';
import { chooseEngine } from './engine-choice.js';
import type { EngineParts } from './engine-parts.js';
import { modelFingerprints } from './fingerprints.js';
import { checkPreviewPipeline, planPreviews, type PreviewPlan } from './previews/plan.js';
import { checkRoles, openRunModel, projectStudent, type RunModels } from './models.js';
import { describeRun } from './run-description.js';
import type { RequestedSettings, TrainSettings } from './settings.js';
import { checkCacheFolder } from './teacher-cache/cache-folder.js';

/** A run that is ready to start. */
export interface PreparedRun extends EngineParts {
  /** To be closed by the caller that prepared the run. */
  readonly data: Dataset;
  readonly fingerprints: Fingerprints;
  readonly previews: PreviewPlan | undefined;
  /** For a resumed run: in what it is computed differently from how it began. */
  readonly changes?: readonly string[];
  /** The contents of the run's `config.json`. */
  readonly description: object;
}

/** How to prepare a run. */
export interface PreparationOptions {
  /** Keeps nothing that is prepared. */
  readonly isDryRun?: boolean;
  /**
   * For a dry run: a published model that cannot be reached is replaced by random weights of its shape; then there are
   * no fingerprints.
   */
  readonly allowMissingModels?: boolean;
  /** The engine that a resumed run started with. */
  readonly startedWith?: RunConfig['engine'];
  /** For a dry run: this process's rank among several, which are not contacted. */
  readonly assumed?: AssumedRanks | undefined;
}

/** What to do if ranks have different models, or different data. */
const SAME_MODELS = 'give all of them the same model files and tokenizers';
const SAME_DATA = `give all of them the same files of pairs, or a store that \`${KD} prepare\` made once`;

/**
 * Finds the data, opens models, loads TensorFlow and prepares the data, in this order, so that errors appear before the
 * slow parts.
 *
 * @throws InputError for anything that is not available or differs among processes; LostRankError as soon as one of
 *   them is lost
 */
export function prepareRun(
  requested: RequestedSettings,
  context: TrainContext,
  preparation: PreparationOptions = {},
): Promise<PreparedRun> {
  const { ranks, reporter } = context;
  if (ranks === undefined) return prepare(requested, context, preparation);
  // once a rank is lost, work that continues is silent
  const unlessLost = { ...context, reporter: reporterUntil(ranks.lost, reporter) };
  return ranks.unlessLost(prepare(requested, unlessLost, preparation));
}

async function prepare(
  requested: RequestedSettings,
  context: TrainContext,
  { isDryRun = false, allowMissingModels = false, startedWith, assumed }: PreparationOptions,
): Promise<PreparedRun> {
  const { reporter, ranks } = context;
  const rank = ranks ?? assumed;
  if (rank !== undefined) checkShareable(requested);
  await checkDevice(requested.backend, requested.device, rank !== undefined);
  if (ranks !== undefined) await checkEqualOnRanks(ranks, comparedSettings(requested), { topic: 'settings' });
  let settings: TrainSettings = {
    ...requested,
    batchSize: requested.batchSize === 'auto' ? 1 : requested.batchSize,
    accumulate: requested.accumulate === 'auto' ? 1 : requested.accumulate,
  };

  // data and previews, as far as they can be checked without reading much
  if (settings.cacheTeacher !== undefined) await checkCacheFolder(settings.cacheTeacher);
  const found = await findData(settings, reporter);
  const isFirst = rank === undefined || rank.rank === 0; // the others write nothing
  const previews = isFirst ? await planPreviews(settings, reporter) : undefined;

  // models
  const { teacher, student } = await openModels(settings, reporter, allowMissingModels);
  if (previews !== undefined) {
    const source = { where: `--teacher ${teacher.source}`, width: teacher.model.encoder.width };
    await checkPreviewPipeline(previews, source, reporter, { isDryRun });
  }
  const { randomWeights, seed } = settings;
  const models = allowMissingModels ? {} : await modelFingerprints(teacher, student, randomWeights ? seed : undefined);
  if (ranks !== undefined)
    await checkEqualOnRanks(ranks, models, { topic: 'models', shown: formatHash, advice: SAME_MODELS });

  // engine
  const encoders = [teacher.model.encoder, student.model.encoder];
  const { deviceRange, ...engine } = await chooseEngineOnRanks({ ranks, assumed }, startedWith?.precision, (began) =>
    chooseEngine(settings, encoders, reporter, { began, isShared: rank !== undefined }),
  );
  const { devices = 1 } = engine;
  if (requested.accumulate === 'auto') settings = { ...settings, accumulate: devices };
  warnOfIdleDevices(settings, devices, reporter);
  if (ranks !== undefined) await checkEqualOnRanks(ranks, comparedEngine(engine), { topic: 'engine' });
  const fitting =
    requested.batchSize === 'auto' ? await findFittingBatch({ settings, teacher, student, engine }) : undefined;

  // pairs
  const pairs = await openPairs(found, settings, { teacher, student }, context, isDryRun);
  try {
    if (fitting !== undefined)
      settings = {
        ...settings,
        batchSize: chooseBatchSize(fitting, pairs.training.count, settings.accumulate, reporter),
      };
    const data = datasetOf(pairs, settings);
    warnOfIdleRun(settings, data, reporter);
    const fingerprints = allowMissingModels ? {} : { data: data.fingerprint, ...models };
    if (ranks !== undefined)
      await checkEqualOnRanks(
        ranks,
        { data: data.fingerprint },
        { topic: 'data', shown: formatHash, advice: SAME_DATA },
      );
    return {
      settings,
      teacher,
      student,
      engine,
      deviceRange,
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
  reporter: Reporter,
  allowMissingModels: boolean,
): Promise<RunModels> {
  await checkRoles(settings, reporter, allowMissingModels);
  const teacher = await openRunModel('teacher', settings, reporter, allowMissingModels);
  const opened = await openRunModel('student', settings, reporter, allowMissingModels);
  const student = projectStudent(opened, teacher, settings, reporter);
  checkFit(teacher.model.encoder, student.model.encoder, MAX_LENGTH);
  return { teacher, student };
}

function warnOfIdleDevices({ accumulate }: TrainSettings, devices: number, reporter: Reporter): void {
  if (accumulate >= devices) return;
  reporter.warn(
    `--accumulate ${accumulate}: a step's ${accumulate === 1 ? 'one micro-batch leaves' : 'micro-batches leave'} ` +
      `${devices - accumulate} of ${devices} devices idle; a new run can have --accumulate ${devices} with a smaller ` +
      '--batch-size',
  );
}

function warnOfIdleRun(settings: TrainSettings, { training }: Dataset, reporter: Reporter): void {
  const { totalSteps } = planSteps(training, settings);
  const { learningRate: peak, warmupRatio } = settings;
  if (!isAlwaysZero({ peak, totalSteps, warmupRatio })) return;
  reporter.warn(
    `${formatCounted(totalSteps, 'step')}, all of warm-up (--warmup-ratio ${warmupRatio}): the learning rate ` +
      'stays 0, and the student as it is; use more steps, or --warmup-ratio 0',
  );
}
