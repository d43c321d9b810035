/**
 * @file The library: what the commands do, as functions. It prints nothing and never ends the process: messages and
 * progress go to a `Listener`, and an `AbortSignal` stops long work. Options are those of the commands, in camel case,
 * with the same defaults. Relative paths and run names are resolved from the current folder, as on the command line.
 */
import { messageOf } from './base/errors.js';
import { ENCODE_DEFAULTS, encodeTexts, type EncodedTexts, type EncodeRequest } from './app/encoding/encode-texts.js';
import { evaluateModels } from './app/evaluation/evaluate-models.js';
import type { EvaluationRequest } from './app/evaluation/evaluation-request.js';
import { EVALUATION_DEFAULTS } from './app/evaluation/defaults.js';
import { exportStudent as exportModel, type ExportedStudent, type ExportRequest } from './app/export-student.js';
import { EXPORT_DEFAULTS } from './app/export-defaults.js';
import { withListener, type Listener, type Stoppable } from './app/listener.js';
import { checkPrompts, givenOf, optionsOf } from './app/option-check.js';
import {
  ENCODE_OPTIONS,
  EVALUATE_OPTIONS,
  EXPORT_OPTIONS,
  GENERATE_OPTIONS,
  GRID_OPTIONS,
  PREPARE_OPTIONS,
  RESUME_OPTIONS,
} from './app/option-kinds.js';
import type { DrawnGrid, RowDistances } from './app/pictures/compare.js';
import type { DrawnPicture } from './app/pictures/draw-prompts.js';
import { checkGenerateOptions, GENERATE_DEFAULTS, type GenerateOptions } from './app/pictures/options.js';
import { preparePairs, type PrepareRequest } from './app/prepare-pairs.js';
import type { PrepareReport } from './data/prepare/report.js';
import { PREPARE_DEFAULTS } from './data/prepare/settings.js';
import type { RunEvaluations } from './evaluate/evaluation.js';
import type { Losses } from './distill/losses.js';
import { bestOf } from './distill/train-state.js';
import { recipeOf, RECIPES } from './training/recipes.js';
import { checkRequested } from './training/check-settings.js';
import { DEFAULTS, type RequestedSettings } from './training/settings.js';
import { StoppedError, stopOf, type Stage } from './training/stopping.js';
import { resumeRun, startRun } from './training/training.js';
import { writeReport } from './report/write-report.js';

export { InputError } from './base/errors.js';
export { DamagedArchiveError, UnreadableFileError } from './data/unreadable-file.js';
export { DeviceFailedError } from './engine/failed-device.js';
export { NotFiniteStepError } from './distill/not-finite-step-error.js';
export { NotPointedAtError } from './runs/not-pointed-at-error.js';
export { CheckpointRemovedError } from './runs/removed-checkpoint.js';
export { NotSavedError } from './training/not-saved-error.js';
export { OutOfMemoryError } from './training/out-of-memory.js';
export { RECIPES };
export type { EncodedTexts } from './app/encoding/encode-texts.js';
export type { ExportedStudent } from './app/export-student.js';
export type { Listener, Stoppable, TaskProgress } from './app/listener.js';
export type { DrawnGrid, RowDistances } from './app/pictures/compare.js';
export type { DrawnPicture } from './app/pictures/draw-prompts.js';
export type { ReportedEvent } from './app/reporter.js';
export type { PrepareReport } from './data/prepare/report.js';
export type {
  Correlation,
  Distance,
  EvaluationSetting,
  Grouping,
  GroupScores,
  Language,
  LanguageScores,
  ModelFacts,
  ModelRole,
  ModelScores,
  PairsEvaluation,
  Pooling,
  Retrieval,
  RunEvaluations,
  ScoresByLanguage,
  StsEvaluation,
  StsScores,
} from './evaluate/evaluation.js';

/** Some fields required and the rest optional, with the command line's defaults, which `undefined` stands for, too. */
type With<Request, Required extends keyof Request> = Pick<Request, Required> & Stoppable & Optional<Request>;
type Optional<Request> = { readonly [Name in keyof Request]?: Request[Name] | undefined };

/** What to prepare, where to, and how; `data` and `out` are required. */
export type PrepareOptions = With<Omit<PrepareRequest, 'onWriting'>, 'data' | 'out'>;
/** The settings of `kd train`; `recipe` replaces defaults with a recipe's settings. */
export interface TrainOptions extends Optional<RequestedSettings> {
  /**
   * Resumes a run, or one of its checkpoints, by any of its names instead of starting a new one; `true`: the last run.
   */
  readonly resume?: string | true | undefined;
  /** Stops the run after the current step and saves it. Before its first step, `train` rejects with the reason. */
  readonly signal?: AbortSignal | undefined;
}
/** Which models to compare, and on what; `compare` is required. */
export type EvaluateOptions = With<EvaluationRequest, 'compare'>;
/** Which texts to encode, and with which model; both are required. */
export type EncodeOptions = With<EncodeRequest, 'model' | 'texts'>;
/** What to export, where to, and how; `model` and `to` are required. */
export type ExportOptions = With<ExportRequest, 'model' | 'to'>;
/** How to draw pictures. */
export type GeneratePicturesOptions = With<Omit<GenerateOptions, 'compare' | 'compareCheckpoints'>, never>;
/** How to draw a grid, and with which encoders. */
export type GenerateGridOptions = With<GenerateOptions, never>;

/**
 * Prepares pairs into a token store, as `kd prepare` does: `options.out`, a folder.
 *
 * @returns the rows that were found, kept and dropped, and how many tokens their texts have
 * @throws InputError for data without pairs, a damaged corpus, a tokenizer that is not available, or a store of other
 *   pairs in the folder; the reason of an aborted signal. Nothing is left behind then
 */
export async function prepare(options: PrepareOptions, listener: Listener = {}): Promise<PrepareReport> {
  const { teacher, student } = DEFAULTS;
  const { signal, ...request } = optionsOf(options, PREPARE_OPTIONS, ['data', 'out']);
  return withListener(listener, signal, (reporter) =>
    preparePairs({ ...PREPARE_DEFAULTS, teacher, student, ...request }, reporter),
  );
}

/** How a training run ended. */
export interface TrainingSummary {
  /** Absolute path of the run's folder. */
  readonly run: string;
  /** Steps taken. */
  readonly steps: number;
  /** Whether it was stopped before its end; `resume` continues it. */
  readonly stopped: boolean;
  /** The lowest validation losses and the step they were measured at; absent without validation. */
  readonly best?: Losses & { readonly step: number; readonly loss: number };
}

/**
 * Trains a student, as `kd train` does. The run's folder is `checkpoints/<run>` under the current folder.
 *
 * @returns how it ended, with losses as mean squared errors
 * @throws InputError for unusable settings, data or models, a run that already exists, and a run that ends early; the
 *   reason of a signal that was aborted before the first step
 */
export async function train(options: TrainOptions = {}, listener: Listener = {}): Promise<TrainingSummary> {
  const { resume, signal, ...settings } = givenOf(options);
  optionsOf({ resume, signal }, RESUME_OPTIONS);
  let stage: () => Stage = () => 'preparing';
  const run = await withListener(
    listener,
    signal,
    async (reporter) => {
      const stop = stopOf(reporter.signal);
      ({ stage } = stop);
      const context = {
        reporter,
        stop,
        writeReport: ({ folder }: { readonly folder: string }) =>
          writeReport(folder).catch((error: unknown) => {
            reporter.warn(`no report: ${messageOf(error)}`);
            return undefined;
          }),
      };
      const recipe = recipeOf(settings.recipe)?.settings;
      try {
        return resume === undefined
          ? await startRun(checkRequested({ ...DEFAULTS, ...recipe, ...settings }), context)
          : await resumeRun(resume, checkRequested(settings), context);
      } catch (error) {
        throw error instanceof StoppedError ? (reporter.signal.reason as unknown) : error;
      }
    },
    () => ['training', 'unsaved', 'saved'].includes(stage()),
  );
  if ('finishedAt' in run) return { run: run.folder, steps: run.finishedAt, stopped: false };
  const { state, stopped } = run.result;
  const best = bestOf(state);
  return { run: run.folder, steps: state.step, stopped, ...(best === undefined ? {} : { best }) };
}

/**
 * Compares models, as `kd eval` does; writes nothing.
 *
 * @returns the scores of every model: distances to the teacher, as mean squared errors and cosines; shares from 0 to 1
 *   of translations found; correlations with human judgements
 * @throws InputError for a model, pairs or a file that is not available, and outputs that are not finite; the reason of
 *   an aborted signal
 */
export async function evaluate(options: EvaluateOptions, listener: Listener = {}): Promise<RunEvaluations> {
  const { signal, ...request } = optionsOf(options, EVALUATE_OPTIONS, ['compare']);
  const { results } = await withListener(listener, signal, (reporter) =>
    evaluateModels({ ...EVALUATION_DEFAULTS, ...request }, reporter),
  );
  return results;
}

/**
 * Encodes `N` texts of `L` = 77 tokens, padded or truncated, with a model of width `D`.
 *
 * @returns last hidden states `[N, L, D]`, pooled outputs `[N, D]` and ids `[N, L]`, all row-major
 * @throws InputError for a model or tokenizer that is not available, damaged weights, and outputs that are not finite;
 *   the reason of an aborted signal
 */
export async function encode(options: EncodeOptions, listener: Listener = {}): Promise<EncodedTexts> {
  const { signal, ...request } = optionsOf(options, ENCODE_OPTIONS, ['model', 'texts']);
  return withListener(listener, signal, (reporter) => encodeTexts({ ...ENCODE_DEFAULTS, ...request }, reporter));
}

/**
 * Exports a student for other tools, as `kd export` does, and opens it again to compare it with the model.
 *
 * @returns the largest difference between their outputs for five texts
 * @throws InputError for a folder with other contents, a model that is not available, or one that the format cannot
 *   represent; the reason of an aborted signal. Nothing is left behind then, and an earlier export stays
 */
export async function exportStudent(options: ExportOptions, listener: Listener = {}): Promise<ExportedStudent> {
  const { signal, ...request } = optionsOf(options, EXPORT_OPTIONS, ['model', 'to']);
  return withListener(listener, signal, (reporter) => exportModel({ ...EXPORT_DEFAULTS, ...request }, reporter));
}

/**
 * Draws pictures, as `kd generate` does: `count` of each prompt, `width` × `height` pixels.
 *
 * @returns where each of them is
 * @throws InputError for an encoder or pipeline that cannot be used, or an output folder that cannot be written to; the
 *   reason of an aborted signal. Pictures that are complete by then stay
 */
export async function generate(
  prompts: readonly string[],
  options: GeneratePicturesOptions = {},
  listener: Listener & { onPicture?(picture: DrawnPicture): void } = {},
): Promise<DrawnPicture[]> {
  const { signal, ...given } = optionsOf(options, GENERATE_OPTIONS);
  const requested = { ...GENERATE_DEFAULTS, ...given };
  checkPrompts(prompts);
  checkGenerateOptions(prompts, requested);
  return withListener(listener, signal, async (reporter, guarded) => {
    // Imported here, as only drawing needs ONNX Runtime and the picture library.
    const { draw } = await import('./app/pictures/draw-prompts.js');
    const pictures: DrawnPicture[] = [];
    await draw(prompts, requested, reporter, (picture) => {
      pictures.push(picture);
      guarded(() => listener.onPicture?.(picture));
    });
    return pictures;
  });
}

/**
 * Draws a grid, as `kd generate --compare` does: a column per encoder, a row per prompt. Prompts are given here or read
 * from the file that `compare` names.
 *
 * @returns where it is
 * @throws InputError as `generate`; the reason of an aborted signal. Nothing is left behind then
 */
export async function generateGrid(
  prompts: readonly string[],
  options: GenerateGridOptions = {},
  listener: Listener & { onRow?(distances: RowDistances): void } = {},
): Promise<DrawnGrid> {
  const { signal, ...given } = optionsOf(options, GRID_OPTIONS);
  const requested = { ...GENERATE_DEFAULTS, ...given };
  checkPrompts(prompts);
  checkGenerateOptions(prompts, requested);
  return withListener(listener, signal, async (reporter, guarded) => {
    const { compare } = await import('./app/pictures/compare.js');
    return compare(prompts, requested, reporter, (distances) => {
      guarded(() => listener.onRow?.(distances));
    });
  });
}
