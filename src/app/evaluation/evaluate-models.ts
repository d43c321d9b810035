/** @file Compares models, from names to scores: opens models and pairs, encodes, measures. */
import type { Precision, PrecisionChoice } from '../../engine/precision-choice.js';
import { encoderEngine } from '../../engine/encoder.js';
import { encodingPrecision, precisionText } from '../../engine/precision.js';
import { hasLargeModel } from '../../engine/step-layout.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import { loadBackend, type BackendInfo } from '../../tensorflow/backend.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';
import {
  type EvaluationSetting,
  type Grouping,
  type ModelFacts,
  type PairsEvaluation,
  type RunEvaluations,
  type StsEvaluation,
} from '../../evaluate/evaluation.js';
import type { ModelUnderTest } from '../../evaluate/model.js';
import { evaluatePairs } from '../../evaluate/pairs.js';
import { evaluateSts } from '../../evaluate/sts.js';
import { readStsFile } from '../../evaluate/sts-file.js';
import { itemsUntilAborted } from '../../base/abort.js';
import { countParameters } from '../../models/text-encoder.js';
import { VERSION } from '../../base/version.js';
import { formatCount } from '../../base/format.js';
import type { Progress, Reporter } from '../reporter.js';
import { openComparison, type ComparedModel, type Comparison } from './comparison.js';
import { openPairs, type OpenPairs } from './pairs.js';

/** Which models to compare, and on what. */
export interface EvaluationRequest {
  /**
   * `clip` (the teacher), `roberta` (the newest run's best checkpoint), a run, one of its checkpoints, a folder or a
   * hub id.
   */
  readonly compare: readonly string[];
  /** The model whose English embeddings are the reference. */
  readonly teacher: string;
  /** Whether to include the teacher and untrained students even if they are not named. */
  readonly baselines: boolean;
  /** Files of pairs, folders, or a token store. Default: the run's validation pairs. */
  readonly data?: readonly string[];
  readonly koColumn?: string;
  readonly enColumn?: string;
  /** How many pairs to sample. Default: all, up to `DEFAULT_SAMPLES`. */
  readonly samples?: number;
  /** The random seed for sampling. */
  readonly seed: number;
  /** Whether to compare on pairs, or only on `sts`. */
  readonly pairs: boolean;
  /** Files of sentence pairs with human similarity scores. */
  readonly sts: readonly string[];
  /** Groupings for additional, separate scores. */
  readonly by: readonly Grouping[];
  /**
   * Full-length texts per batch. A batch of shorter texts holds more of them, with as many tokens in total. Default: 32
   * on a CPU; on a GPU up to 256, by its memory.
   */
  readonly batchSize?: number;
  /** The precision of matrix products; `auto` means bfloat16 if that is faster. */
  readonly precision: PrecisionChoice;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

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

interface StartedModels {
  readonly backend: BackendInfo;
  readonly precision: Precision;
  readonly underTest: ReadonlyMap<ComparedModel, ModelUnderTest>;
}

function disposeAll(models: StartedModels['underTest']): void {
  for (const { engine } of models.values()) engine.dispose();
}

/** Loads every model once, including a teacher that is only measured against. */
async function startModels(
  { backend: backendChoice, device, precision: choice, pairs }: EvaluationRequest,
  { teacher, models }: Comparison,
  reporter: Reporter,
): Promise<StartedModels> {
  const { reason, ...backend } = await loadBackend(backendChoice, device, {
    onNotice: (text) => {
      reporter.message(text);
    },
  });
  if (reason !== undefined) reporter.warn(reason);
  const tested = new Set(pairs ? [teacher!, ...models] : models);
  const isLarge = hasLargeModel([...tested].map(({ opened }) => opened.model.encoder));
  const chosen = await encodingPrecision(choice, backend, isLarge);
  const { precision } = chosen;
  if (chosen.reason !== undefined) reporter.message(`precision: ${precisionText(chosen)}`);
  const underTest = new Map<ComparedModel, ModelUnderTest>();
  try {
    for (const compared of tested) {
      reporter.signal?.throwIfAborted(); // before a graph is recorded
      const { source, model } = compared.opened;
      const { shapes, width } = model.encoder;
      const parameters = formatCount(countParameters(shapes));
      reporter.message(`${compared.name}: ${source}, ${parameters} parameters, width ${width}`);
      const engine = await encoderEngine(model.encoder, itemsUntilAborted(model.parameters(), reporter.signal), {
        precision,
        device: backend.device,
        memoryBytes: backend.gpu?.usableBytes,
      });
      underTest.set(compared, { facts: factsOf(compared), tokenizer: compared.opened.tokenizer, engine });
    }
  } catch (error) {
    disposeAll(underTest);
    throw error;
  }
  return { backend, precision, underTest };
}

function factsOf({ name, role, opened: { source, model } }: ComparedModel): ModelFacts {
  const { shapes, width } = model.encoder;
  const bytes = model.storedBytes === 0 ? null : model.storedBytes;
  return { name, role, source, parameters: countParameters(shapes), bytes, width };
}

function engineOf({ backend: { backend, device, version }, precision }: StartedModels): EvaluationSetting['engine'] {
  return { backend, device, tensorflow: version ?? null, precision };
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
