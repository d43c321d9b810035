/**
 * @file The library: what the commands do, to be called from code. It prints nothing and ends no process; what there is
 * to tell goes to a `Listener`, and an `AbortSignal` stops long work. Options are those of the commands, in camel case;
 * what is left out is as on the command line. Paths and names are from the current folder, as there.
 */
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
import { DEFAULTS } from './training/settings.js';

export { InputError } from './base/errors.js';
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
export type EvaluateOptions = With<EvaluationRequest, 'compare'>;
export type EncodeOptions = With<EncodeRequest, 'model' | 'texts'>;
export type ExportOptions = With<ExportRequest, 'model' | 'to'>;
export type GeneratePicturesOptions = Partial<Omit<GenerateOptions, 'compare' | 'compareCheckpoints'>>;

/**
 * Prepares pairs into a token store, as `kd prepare`.
 *
 * @throws InputError for data without pairs, a damaged corpus, a tokenizer that cannot be had
 */
export async function prepare(options: PrepareOptions, listener: Listener = {}): Promise<PrepareReport> {
  const { teacher, student } = DEFAULTS;
  return preparePairs({ ...PREPARE_DEFAULTS, teacher, student, ...options }, reporterOf(listener));
}

/**
 * Compares models, as `kd eval`; nothing is written.
 *
 * @throws InputError for a model, pairs or a file that cannot be had
 */
export async function evaluate(options: EvaluateOptions, listener: Listener = {}): Promise<RunEvaluations> {
  return (await evaluateModels({ ...EVALUATION_DEFAULTS, ...options }, reporterOf(listener))).results;
}

/**
 * Encodes texts: last hidden states `[N, L, D]`, pooled outputs `[N, D]` and ids `[N, L]`, all row-major.
 *
 * @throws InputError for a model or tokenizer that cannot be had, and damaged weights
 */
export async function encode(options: EncodeOptions, listener: Listener = {}): Promise<EncodedTexts> {
  return encodeTexts({ ...ENCODE_DEFAULTS, ...options }, reporterOf(listener));
}

/**
 * Writes a student for other tools, as `kd export`.
 *
 * @throws InputError for a folder that is another's, a model that cannot be had or that the format cannot hold
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
 * Draws a grid, as `kd generate --compare`: a row for each prompt of a file, a column for each encoder.
 *
 * @throws InputError as `generate`
 */
export async function generateGrid(
  options: Partial<GenerateOptions>,
  prompts: readonly string[] = [],
  listener: Listener & { onRow?(distances: RowDistances): void } = {},
): Promise<DrawnGrid> {
  const asked = { ...GENERATE_DEFAULTS, ...options };
  checkGenerateOptions(prompts, asked);
  const { compare } = await import('./app/pictures/compare.js');
  return compare(prompts, asked, reporterOf(listener), (distances) => listener.onRow?.(distances));
}
