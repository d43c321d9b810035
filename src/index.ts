/**
 * @file The library: what the commands do, as functions. It prints nothing and never ends the process: messages and
 * progress go to a `Listener`, and an `AbortSignal` stops long work. Options are those of the commands, in camel case,
 * with the same defaults. Relative paths and run names are resolved from the current folder, as on the command line.
 */
import { messageOf } from './base/errors.js';
import { asInputError } from './base/input-failure.js';
import { ENCODE_DEFAULTS, encodeTexts, type EncodedTexts, type EncodeRequest } from './app/encoding/encode-texts.js';
import { evaluateModels, type EvaluationRequest } from './app/evaluation/evaluate-models.js';
import { EVALUATION_DEFAULTS } from './app/evaluation/defaults.js';
import { exportStudent as exportModel, type ExportedStudent, type ExportRequest } from './app/export-student.js';
import { EXPORT_DEFAULTS } from './app/export-defaults.js';
import { reporterOf, type Listener } from './app/listener.js';
import {
  checkOptions,
  ENCODE_OPTIONS,
  EVALUATE_OPTIONS,
  EXPORT_OPTIONS,
  GENERATE_OPTIONS,
  PREPARE_OPTIONS,
  type OptionKind,
  type OptionKinds,
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
import { stopOf } from './training/stopping.js';
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
export { StoppedError } from './training/stopping.js';
export { RECIPES };
export type { EncodedTexts } from './app/encoding/encode-texts.js';
export type { ExportedStudent } from './app/export-student.js';
export type { Listener, TaskProgress } from './app/listener.js';
export type { DrawnGrid, RowDistances } from './app/pictures/compare.js';
export type { DrawnPicture } from './app/pictures/draw-prompts.js';
export type { ReportedEvent } from './app/reporter.js';
export type { PrepareReport } from './data/prepare/report.js';
export type * from './evaluate/evaluation.js';

/** Some fields required and the rest optional, with the command line's defaults, which `undefined` stands for, too. */
type With<Request, Required extends keyof Request> = Pick<Request, Required> & Optional<Request>;
type Optional<Request> = { readonly [Name in keyof Request]?: Request[Name] | undefined };

/** Options without those that are `undefined`. */
type Given<Options> = { readonly [Name in keyof Options]: Exclude<Options[Name], undefined> };

/**
 * Options without those that are `undefined`, which have their defaults like those that are left out; checked, if their
 * kinds are given.
 */
function given<Options extends object>(options: Options, kinds?: OptionKinds<object>): Given<Options> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  const found = Object.fromEntries(entries) as Given<Options>;
  if (kinds !== undefined) checkOptions(found, kinds as Readonly<Record<string, OptionKind>>);
  return found;
}

/** Does the work of a function; what the operating system refuses is worded as on the command line. */
async function worded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asInputError(error);
  }
}

export type PrepareOptions = With<Omit<PrepareRequest, 'onWriting'>, 'data' | 'out'>;
/** The settings of `kd train`; `recipe` replaces defaults with a recipe's settings. */
export interface TrainOptions extends Optional<RequestedSettings> {
  /**
   * Resumes a run, or one of its checkpoints, by any of its names instead of starting a new one; `true`: the last run.
   */
  readonly resume?: string | true | undefined;
  /** Stops the run after the current step and saves it. */
  readonly signal?: AbortSignal | undefined;
}
export type EvaluateOptions = With<EvaluationRequest, 'compare'>;
export type EncodeOptions = With<EncodeRequest, 'model' | 'texts'>;
export type ExportOptions = With<ExportRequest, 'model' | 'to'>;
export type GeneratePicturesOptions = Optional<Omit<GenerateOptions, 'compare' | 'compareCheckpoints'>>;

/**
 * Prepares pairs into a token store, as `kd prepare` does.
 *
 * @throws InputError for data without pairs, a damaged corpus, or a tokenizer that is not available
 */
export async function prepare(options: PrepareOptions, listener: Listener = {}): Promise<PrepareReport> {
  const { teacher, student } = DEFAULTS;
  return worded(() =>
    preparePairs({ ...PREPARE_DEFAULTS, teacher, student, ...given(options, PREPARE_OPTIONS) }, reporterOf(listener)),
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
 * @throws InputError for unusable settings, data or models, a run that already exists, and a run that ends early;
 *   `StoppedError` if `signal` was aborted before the first step
 */
export async function train(options: TrainOptions = {}, listener: Listener = {}): Promise<TrainingSummary> {
  const { resume, signal, ...settings } = given(options);
  const context = {
    reporter: reporterOf(listener),
    stop: stopOf(signal),
    writeReport: ({ folder }: { readonly folder: string }) =>
      writeReport(folder).catch((error: unknown) => {
        listener.onWarning?.(`no report: ${messageOf(error)}`);
        return undefined;
      }),
  };
  const run = await worded(() => {
    const recipe = recipeOf(settings.recipe)?.settings;
    return resume === undefined
      ? startRun(checkRequested({ ...DEFAULTS, ...recipe, ...settings }), context)
      : resumeRun(resume, checkRequested(settings), context);
  });
  if ('finishedAt' in run) return { run: run.folder, steps: run.finishedAt, stopped: false };
  const { state, stopped } = run.result;
  const best = bestOf(state);
  return { run: run.folder, steps: state.step, stopped, ...(best === undefined ? {} : { best }) };
}

/**
 * Compares models, as `kd eval` does; writes nothing.
 *
 * @throws InputError for a model, pairs or a file that is not available
 */
export async function evaluate(options: EvaluateOptions, listener: Listener = {}): Promise<RunEvaluations> {
  const { results } = await worded(() =>
    evaluateModels({ ...EVALUATION_DEFAULTS, ...given(options, EVALUATE_OPTIONS) }, reporterOf(listener)),
  );
  return results;
}

/**
 * Encodes texts: last hidden states `[N, L, D]`, pooled outputs `[N, D]` and ids `[N, L]`, all row-major.
 *
 * @throws InputError for a model or tokenizer that is not available, and damaged weights
 */
export async function encode(options: EncodeOptions, listener: Listener = {}): Promise<EncodedTexts> {
  return worded(() => encodeTexts({ ...ENCODE_DEFAULTS, ...given(options, ENCODE_OPTIONS) }, reporterOf(listener)));
}

/**
 * Exports a student for other tools, as `kd export` does.
 *
 * @throws InputError for a folder with other contents, a model that is not available, or one that the format cannot
 *   represent
 */
export async function exportStudent(options: ExportOptions, listener: Listener = {}): Promise<ExportedStudent> {
  return worded(() => exportModel({ ...EXPORT_DEFAULTS, ...given(options, EXPORT_OPTIONS) }, reporterOf(listener)));
}

/**
 * Draws pictures, as `kd generate` does: `count` of each prompt.
 *
 * @throws InputError for an encoder or pipeline that cannot be used, or an output folder that cannot be written to
 */
export async function generate(
  prompts: readonly string[],
  options: GeneratePicturesOptions = {},
  listener: Listener & { onPicture?(picture: DrawnPicture): void } = {},
): Promise<DrawnPicture[]> {
  const requested = { ...GENERATE_DEFAULTS, ...given(options, GENERATE_OPTIONS) };
  checkGenerateOptions(prompts, requested);
  // Imported here, as only drawing needs ONNX Runtime and the picture library.
  const { draw } = await import('./app/pictures/draw-prompts.js');
  const pictures: DrawnPicture[] = [];
  await worded(() =>
    draw(prompts, requested, reporterOf(listener), (picture) => {
      pictures.push(picture);
      listener.onPicture?.(picture);
    }),
  );
  return pictures;
}

/**
 * Draws a grid, as `kd generate --compare` does: a column per encoder, a row per prompt. Prompts are given here or read
 * from the file that `compare` names.
 *
 * @throws InputError as `generate`
 */
export async function generateGrid(
  prompts: readonly string[],
  options: Optional<GenerateOptions>,
  listener: Listener & { onRow?(distances: RowDistances): void } = {},
): Promise<DrawnGrid> {
  const requested = { ...GENERATE_DEFAULTS, ...given(options, GENERATE_OPTIONS) };
  checkGenerateOptions(prompts, requested);
  const { compare } = await import('./app/pictures/compare.js');
  return worded(() => compare(prompts, requested, reporterOf(listener), (distances) => listener.onRow?.(distances)));
}
