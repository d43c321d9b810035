/** @file What `--preview` asks for: prompts, how to draw them, and the cost. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../base/errors.js';
import { checkIsWritable } from '../../base/folders.js';
import { checkIfFile } from '../../base/regular-file.js';
import { warnOfIdleFlags } from '../../app/idle-flags.js';
import type { TextSource } from '../../app/pictures/encoder-fit.js';
import { GENERATE_DEFAULTS, type GenerateOptions } from '../../app/pictures/options.js';
import { readPrompts, type PromptPair } from '../../app/pictures/prompts.js';
import { PREVIEWS_FOLDER } from '../../app/pictures/run-previews.js';
import type { Reporter } from '../../app/reporter.js';
import { PICTURES_FILE } from '../../diffusion/pictures.js';
import type { TrainPlan } from '../../distill/train.js';
import { parseModelId } from '../../weights/hub.js';
import { flagOf, type TrainSettings } from '../settings.js';
import { PREVIEW_SETTINGS } from './settings.js';

/** The value of `--preview` that stops the previews of a resumed run. */
const NONE = 'none';

/** The previews of a run. */
export interface PreviewPlan {
  /** Without duplicates. */
  readonly prompts: readonly PromptPair[];
  readonly options: GenerateOptions;
}

/**
 * The previews that settings ask for; undefined for none.
 *
 * @throws InputError for prompts that cannot be read
 */
export async function planPreviews(settings: TrainSettings, reporter: Reporter): Promise<PreviewPlan | undefined> {
  const { preview } = settings;
  if (preview === undefined) {
    const names = Object.keys(PREVIEW_SETTINGS) as (keyof typeof PREVIEW_SETTINGS)[];
    const idle = names.filter((name) => settings[name] !== undefined);
    warnOfIdleFlags(
      idle.map((name) => flagOf(name)),
      'without --preview',
      reporter,
    );
  }
  if (preview === undefined || preview === NONE) return undefined;
  const prompts = await readPrompts(preview).catch((error: unknown) => {
    throw error instanceof InputError ? new InputError(`--preview: ${error.message}`, { cause: error }) : error;
  });
  const each = new Map(prompts.map((prompt) => [JSON.stringify(prompt), prompt]));
  return { prompts: [...each.values()], options: generateOptions(settings) };
}

/**
 * Checks that previews can be added to a run's folder, if settings ask for any. Changes nothing.
 *
 * @param run the run's folder, which need not exist yet
 * @throws InputError if the preview folder or list is something else, or cannot be written
 */
export async function checkPreviewsFolder(run: string, { preview }: Pick<TrainSettings, 'preview'>): Promise<void> {
  if (preview === undefined || preview === NONE) return;
  const folder = join(run, PREVIEWS_FOLDER);
  await checkIsWritable(folder);
  await checkIfFile(join(folder, PICTURES_FILE));
}

/** The options of `kd generate` with which previews are drawn. */
function generateOptions(settings: TrainSettings): GenerateOptions {
  const { previewWidth: width, previewHeight: height } = settings;
  return {
    ...GENERATE_DEFAULTS,
    pipeline: settings.previewPipeline ?? GENERATE_DEFAULTS.pipeline,
    negative: settings.previewNegative ?? GENERATE_DEFAULTS.negative,
    steps: settings.previewSteps ?? GENERATE_DEFAULTS.steps,
    guidance: settings.previewGuidance ?? GENERATE_DEFAULTS.guidance,
    scheduler: settings.previewScheduler ?? GENERATE_DEFAULTS.scheduler,
    seed: settings.previewSeed ?? GENERATE_DEFAULTS.seed,
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    backend: settings.backend,
    device: settings.previewDevice ?? 'cpu',
  };
}

/**
 * Finds the image model for previews, downloading it if needed, and checks that it can draw them.
 *
 * @param teacher its hidden states are what the pipeline must accept; the student's have the same shape
 * @param isDryRun only looks on disk and downloads nothing
 * @throws InputError for a pipeline that is missing, not supported, or made for another encoder
 */
export async function checkPreviewPipeline(
  { options }: PreviewPlan,
  teacher: TextSource,
  reporter: Reporter,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<void> {
  const isToFetch = isDryRun && !existsSync(options.pipeline) && parseModelId(options.pipeline) !== undefined;
  await (isToFetch ? checkWithoutFetching(options, teacher) : checkOnDisk(options, teacher, reporter)).catch(
    (error: unknown) => {
      throw error instanceof InputError ? new InputError(inFlagsOfTraining(error.message), { cause: error }) : error;
    },
  );
  if (isToFetch)
    reporter.message(
      `--preview-pipeline ${options.pipeline}: no such folder, so a model on the hub; fetched when training begins, ` +
        'if it is not in the cache',
    );
}

// What follows is imported there, as only previews need it.

async function checkWithoutFetching({ pipeline }: GenerateOptions, teacher: TextSource): Promise<void> {
  const { checkEncodersFitPublished } = await import('../../app/pictures/encoder-fit.js');
  checkEncodersFitPublished(pipeline, [teacher]);
}

async function checkOnDisk(options: GenerateOptions, teacher: TextSource, reporter: Reporter): Promise<void> {
  const { checkBeforeFetching, findPipeline } = await import('../../app/pictures/image-model.js');
  await checkBeforeFetching(options);
  await findPipeline(options, [teacher], reporter);
}

/** Replaces flag names of `kd generate` in a message by those of `kd train`. */
export function inFlagsOfTraining(message: string): string {
  return message.replace(/--(pipeline|steps|guidance|scheduler|negative|width|height|seed|device)\b/g, '--preview-$1');
}

/** The number of previews of a run. */
export interface PreviewCost {
  readonly checkpoints: number;
  /** Whether slow steps may add to this: a checkpoint is saved at least every 15 minutes. */
  readonly isAtLeast: boolean;
  /** In total, including those of the teacher and the untrained student. */
  readonly pictures: number;
}

/**
 * How many previews are drawn, if each is done before the next checkpoint.
 *
 * @param done the steps that a resumed run has taken
 */
export function previewCost(
  { prompts }: PreviewPlan,
  { stepsPerEpoch, totalSteps }: TrainPlan,
  { saveEvery }: Pick<TrainSettings, 'saveEvery'>,
  done: number,
): PreviewCost {
  let checkpoints = 0;
  for (let step = done + 1; step <= totalSteps; step++)
    if (step === totalSteps || step % stepsPerEpoch === 0 || (saveEvery !== undefined && step % saveEvery === 0))
      checkpoints++;
  const before = done === 0 ? 2 : 0;
  return { checkpoints, isAtLeast: saveEvery === undefined, pictures: prompts.length * (checkpoints + before) };
}
