/**
 * @file The library: what the commands do, to be called from code. It prints nothing and ends no process; what there is
 * to tell goes to a `Listener`, and an `AbortSignal` stops long work. Options are those of the commands, in camel case;
 * what is left out is as on the command line. Paths and names are from the current folder, as there.
 */
import { messageOf } from './base/errors.js';
import { ENCODE_DEFAULTS, encodeTexts, type EncodedTexts, type EncodeRequest } from './app/encoding/encode-texts.js';
import { EVALUATION_DEFAULTS, evaluateModels, type EvaluationRequest } from './app/evaluation/evaluate-models.js';
import {
  EXPORT_DEFAULTS,
  exportStudent as exportModel,
  type ExportedStudent,
  type ExportRequest,
} from './app/export-student.js';
import { reporterOf, type Listener } from './app/listener.js';
import type { DrawnGrid, RowDistances } from './app/pictures/compare.js';
import type { DrawnPicture } from './app/pictures/draw.js';
import { checkGenerateOptions, GENERATE_DEFAULTS, type GenerateOptions } from './app/pictures/options.js';
import { preparePairs, type PrepareRequest } from './app/prepare-pairs.js';
import type { PrepareReport } from './data/prepare/report.js';
import { PREPARE_DEFAULTS } from './data/prepare/settings.js';
import type { RunEvaluations } from './evaluate/evaluation.js';
import type { Losses } from './distill/loss.js';
import { bestOf } from './distill/train-state.js';
import { recipeOf, RECIPES } from './training/recipes.js';
import { checkAsked } from './training/check-settings.js';
import { DEFAULTS, type AskedSettings } from './training/settings.js';
import { stopOf } from './training/stopping.js';
import { resumeRun, startRun } from './training/training.js';
import { writeReport } from './report/write-report.js';

export { InputError } from './base/errors.js';
export { DamagedArchive, UnreadableFile } from './data/unreadable-file.js';
export { NotFiniteStep } from './distill/steps.js';
export { NotPointedAt } from './runs/checkpoint.js';
export { CheckpointRemoved } from './runs/removed-checkpoint.js';
export { NotSaved } from './training/ending.js';
export { OutOfMemory } from './training/out-of-memory.js';
export { Stopped } from './training/stopping.js';
export { RECIPES };
export type { EncodedTexts } from './app/encoding/encode-texts.js';
export type { ExportedStudent } from './app/export-student.js';
export type { Listener, TaskProgress } from './app/listener.js';
export type { DrawnGrid, RowDistances } from './app/pictures/compare.js';
export type { DrawnPicture } from './app/pictures/draw.js';
export type { ReportedEvent } from './app/reporter.js';
export type { PrepareReport } from './data/prepare/report.js';
export type * from './evaluate/evaluation.js';

/** A type with some of its fields required, and the others as on the command line where they are left out. */
type With<Request, Required extends keyof Request> = Pick<Request, Required> & Partial<Request>;

export type PrepareOptions = With<Omit<PrepareRequest, 'onWriting'>, 'data' | 'out'>;
/** The settings of `kd train`; `recipe` puts a recipe's in place of defaults. */
export interface TrainOptions extends Partial<AskedSettings> {
  /**
   * Resumes a run or a checkpoint of one, by any of their names (`true`: the last run), in place of a new one.
   */
  readonly resume?: string | true;
  /** Ends the run after the step in hand, and saves it. */
  readonly signal?: AbortSignal;
}
export type EvaluateOptions = With<EvaluationRequest, 'compare'>;
export type EncodeOptions = With<EncodeRequest, 'model' | 'texts'>;
export type ExportOptions = With<ExportRequest, 'model' | 'to'>;
export type GeneratePicturesOptions = Partial<Omit<GenerateOptions, 'compare' | 'compareCheckpoints'>>;

/**
 * Prepares pairs into a token store, as `kd prepare`.
 *
 * @throws InputError for data without pairs, a damaged corpus, a tokenizer that is not available
 */
export async function prepare(options: PrepareOptions, listener: Listener = {}): Promise<PrepareReport> {
  const { teacher, student } = DEFAULTS;
  return preparePairs({ ...PREPARE_DEFAULTS, teacher, student, ...options }, reporterOf(listener));
}

/** How a training ended. */
export interface TrainingSummary {
  /** Absolute path of the run's folder. */
  readonly run: string;
  /** Steps taken. */
  readonly steps: number;
  /** Whether it was stopped before its end; `resume` goes on with it. */
  readonly stopped: boolean;
  /** The lowest validation losses, and the step they are of; absent where there was no validation. */
  readonly best?: Losses & { readonly step: number; readonly loss: number };
}

/**
 * Trains a student, as `kd train`: the run's folder is `checkpoints/<run>` under the current one.
 *
 * @throws InputError for settings, data or models that cannot be, a run that is there already, and a run that ends
 *   early; `Stopped` where `signal` was aborted before the first step
 */
export async function train(options: TrainOptions = {}, listener: Listener = {}): Promise<TrainingSummary> {
  const { resume, signal, ...given } = options;
  const context = {
    output: reporterOf(listener),
    stop: stopOf(signal),
    writeReport: ({ folder }: { readonly folder: string }) =>
      writeReport(folder).catch((error: unknown) => {
        listener.onWarning?.(`no report: ${messageOf(error)}`);
        return undefined;
      }),
  };
  const recipe = recipeOf(given.recipe)?.settings;
  const run =
    resume === undefined
      ? await startRun(checkAsked({ ...DEFAULTS, ...recipe, ...given }), context)
      : await resumeRun(resume, checkAsked(given), context);
  if ('finishedAt' in run) return { run: run.folder, steps: run.finishedAt, stopped: false };
  const { state, stopped } = run.result;
  const best = bestOf(state);
  return { run: run.folder, steps: state.step, stopped, ...(best === undefined ? {} : { best }) };
}

/**
 * Compares models, as `kd eval`; nothing is written.
 *
 * @throws InputError for a model, pairs or a file that is not available
 */
export async function evaluate(options: EvaluateOptions, listener: Listener = {}): Promise<RunEvaluations> {
  return (await evaluateModels({ ...EVALUATION_DEFAULTS, ...options }, reporterOf(listener))).results;
}

/**
 * Encodes texts: last hidden states `[N, L, D]`, pooled outputs `[N, D]` and ids `[N, L]`, all row-major.
 *
 * @throws InputError for a model or tokenizer that is not available, and damaged weights
 */
export async function encode(options: EncodeOptions, listener: Listener = {}): Promise<EncodedTexts> {
  return encodeTexts({ ...ENCODE_DEFAULTS, ...options }, reporterOf(listener));
}

/**
 * Writes a student for other tools, as `kd export`.
 *
 * @throws InputError for a folder with something else in it, and a model that is not available or that the format
 *   cannot hold
 */
export async function exportStudent(options: ExportOptions, listener: Listener = {}): Promise<ExportedStudent> {
  return exportModel({ ...EXPORT_DEFAULTS, ...options }, reporterOf(listener));
}

/**
 * Draws pictures, as `kd generate`: each prompt `count` times.
 *
 * @throws InputError for an encoder or a pipeline that cannot be used, and a folder that takes no files
 */
export async function generate(
  prompts: readonly string[],
  options: GeneratePicturesOptions = {},
  listener: Listener & { onPicture?(picture: DrawnPicture): void } = {},
): Promise<DrawnPicture[]> {
  const asked = { ...GENERATE_DEFAULTS, ...options };
  checkGenerateOptions(prompts, asked);
  const { draw } = await import('./app/pictures/draw.js'); // the others need neither ONNX Runtime nor pictures
  const pictures: DrawnPicture[] = [];
  await draw(prompts, asked, reporterOf(listener), (picture) => {
    pictures.push(picture);
    listener.onPicture?.(picture);
  });
  return pictures;
}

/**
 * Draws a grid, as `kd generate --compare`: a column for each encoder, a row for each prompt. Prompts are given here or
 * come from the file that `compare` names.
 *
 * @throws InputError as `generate`
 */
export async function generateGrid(
  prompts: readonly string[],
  options: Partial<GenerateOptions>,
  listener: Listener & { onRow?(distances: RowDistances): void } = {},
): Promise<DrawnGrid> {
  const asked = { ...GENERATE_DEFAULTS, ...options };
  checkGenerateOptions(prompts, asked);
  const { compare } = await import('./app/pictures/compare.js');
  return compare(prompts, asked, reporterOf(listener), (distances) => listener.onRow?.(distances));
}
