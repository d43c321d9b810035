/** @file Draws previews, in the process that `process.ts` runs in. */
import { basename, join } from 'node:path';
import { drawPicture } from '../../app/pictures/draw-picture.js';
import { checkBeforeFetching, findPipeline, loadPipeline } from '../../app/pictures/image-model.js';
import { makePicturesFolder } from '../../app/pictures/pictures-folder.js';
import { embed, type DrawingEncoder } from '../../app/pictures/prompt-embeddings.js';
import type { PromptPair } from '../../app/pictures/prompts.js';
import { PREVIEWS_FOLDER } from '../../app/pictures/run-previews.js';
import { pictureSettings } from '../../app/pictures/picture-settings.js';
import { savePicture } from '../../app/pictures/save-picture.js';
import { startingNoise } from '../../app/pictures/starting-noise.js';
import { openNamed } from '../../app/open-encoder.js';
import { SILENT_PROGRESS, type Reporter } from '../../app/reporter.js';
import { folderIdentity } from '../../base/folder-identity.js';
import { findTrouble } from '../../diffusion/picture-check.js';
import { fileStemOf } from '../../diffusion/picture-name.js';
import type { Picture } from '../../diffusion/pictures.js';
import type { Embedding } from '../../diffusion/tensors.js';
import { projectedTo } from '../../models/pretrained.js';
import { checkpointName } from '../../runs/checkpoint-names.js';
import type { PreviewEvent, PreviewState, PreviewTask } from './task.js';

/** A picture still to be drawn. */
interface EmbeddedPrompt {
  readonly state: PreviewState;
  readonly prompt: PromptPair;
  readonly label: string;
  readonly embedded: { readonly prompt: Embedding; readonly negative: Embedding };
}

/**
 * Draws all pictures of a task into the run's preview folder.
 *
 * @param tell called with progress
 * @throws InputError for models and pipelines that cannot be used, a checkpoint that was removed, or a folder that
 *   cannot be written to
 */
export async function drawPreviews(task: PreviewTask, tell: (event: PreviewEvent) => void): Promise<void> {
  const { options } = task;
  const reporter = reporterOf(tell);
  await checkBeforeFetching(options);
  const files = await findPipeline(options, [], reporter);
  const prompts: EmbeddedPrompt[] = [];
  for (const state of task.states) {
    prompts.push(...(await retryIfReplaced(state.checkpoint, () => embedState(task, state, reporter))));
  }
  tell({ kind: 'embedded' });
  const pipeline = await loadPipeline(files, options, reporter);
  try {
    const folder = join(task.run, PREVIEWS_FOLDER);
    await makePicturesFolder(folder);
    const each = pipeline.countTimesteps(options.steps);
    const total = prompts.length * each;
    const noise = await startingNoise(options);
    for (const [i, { state, prompt, label, embedded }] of prompts.entries()) {
      const progress = (): ReturnType<Reporter['progress']> => ({
        ...SILENT_PROGRESS,
        update: (steps) => {
          tell({ kind: 'progress', done: i * each + steps, total });
        },
      });
      const text = textOf(state, prompt);
      const pixels = await drawPicture(pipeline, { noise, ...embedded, title: text }, options, {
        ...reporter,
        progress,
      });
      const trouble = findTrouble(pixels);
      const { of, step } = state;
      const picture: Omit<Picture, 'file'> = {
        kind: 'picture',
        prompts: [text],
        ...pictureSettings(options, noise),
        encoders: [label],
        trouble,
        preview: { of, step, resumed: task.resumed, prompt },
      };
      const moment = of === 'student' ? checkpointName(step) : of;
      const path = await savePicture(folder, fileStemOf(text, `${options.seed}-${moment}`), picture, pixels);
      tell({ kind: 'picture', picture: { of, step, prompt, path, ...(trouble === undefined ? {} : { trouble }) } });
    }
  } finally {
    await pipeline.release();
  }
}

/** The teacher knows English only, so it gets the English prompt; the student draws from the Korean one. */
function textOf({ of }: PreviewState, { ko, en }: PromptPair): string {
  return of === 'teacher' ? en : ko;
}

/** Encodes the prompts of a state. */
async function embedState(
  task: PreviewTask,
  state: PreviewState,
  reporter: Reporter,
): Promise<readonly EmbeddedPrompt[]> {
  const encoder = await encoderOf(task, state, reporter);
  const { negative } = task.options;
  const texts = state.prompts.map((prompt) => textOf(state, prompt));
  const [empty, ...prompts] = await embed([negative, ...texts], encoder, task.options, reporter);
  return state.prompts.map((prompt, i) => ({
    state,
    prompt,
    label: encoder.label,
    embedded: { prompt: prompts[i]!, negative: empty! },
  }));
}

async function encoderOf(
  { run, models }: PreviewTask,
  state: PreviewState,
  reporter: Reporter,
): Promise<DrawingEncoder> {
  const { seed, randomWeights, width } = models;
  const name = basename(run);
  if (state.checkpoint !== undefined) {
    const label = `${name}:${state.step}`;
    return openNamed({ label, source: state.checkpoint, run }, { flag: '--preview' }, reporter);
  }
  const isTeacher = state.of === 'teacher';
  const { source, tokenizerSource } = isTeacher ? models.teacher : models.student;
  const label = isTeacher ? 'clip' : `${name}, untrained`;
  const flag = isTeacher ? '--teacher' : '--student';
  const opened = await openNamed({ label, source, tokenizerSource }, { flag, seed, randomWeights }, reporter);
  return { ...opened, model: projectedTo(width, opened.model, seed), isRandom: randomWeights, seed };
}

/** How often to read a checkpoint that is replaced while it is being read. */
const MAX_READS = 3;

/** Reads a checkpoint, and retries if another of the same name replaces it meanwhile. */
async function retryIfReplaced<T>(folder: string | undefined, read: () => Promise<T>): Promise<T> {
  if (folder === undefined) return read();
  for (let readings = 1; ; readings++) {
    const before = folderIdentity(folder);
    try {
      return await read();
    } catch (error) {
      const now = folderIdentity(folder);
      if (now === before || now === undefined || readings === MAX_READS) throw error;
    }
  }
}

/** Passes on warnings only: other messages would clutter the training output. */
function reporterOf(tell: (event: PreviewEvent) => void): Reporter {
  return {
    message: () => undefined,
    warn: (text) => {
      tell({ kind: 'warning', text });
    },
    event: () => undefined,
    progress: () => SILENT_PROGRESS,
  };
}
