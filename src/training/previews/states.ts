/** @file What is still to be drawn for a run: for each text encoder, the prompts without a picture. */
import { join } from 'node:path';
import { DEFAULT_SIDE } from '../../app/pictures/options.js';
import { stripKey, type PreviewPicture } from '../../app/pictures/run-previews.js';
import { pictureSettings } from '../../app/pictures/picture-settings.js';
import type { PromptPair } from '../../app/pictures/prompts.js';
import { checkpointName } from '../../runs/checkpoint-names.js';
import type { PreviewPlan } from './plan.js';
import type { PreviewState } from './task.js';

/** Combines a text encoder at a step with the prompts still to be drawn with it. */
export type StateOf = (of: PreviewState['of'], step: number) => PreviewState;

/**
 * The states of a run, without what has already been drawn with the planned options.
 *
 * @param folder the run's folder
 * @param drawn the existing pictures
 */
export function statesToDraw(
  { prompts, options }: PreviewPlan,
  folder: string,
  drawn: readonly PreviewPicture[],
): StateOf {
  const { width = DEFAULT_SIDE, height = DEFAULT_SIDE } = options;
  const settings = pictureSettings(options, { width, height });
  const isDrawn = (of: PreviewState['of'], step: number, prompt: PromptPair): boolean => {
    const key = stripKey(prompt, settings);
    return drawn.some(
      (picture) =>
        picture.preview.of === of && picture.preview.step === step && stripKey(picture.preview.prompt, picture) === key,
    );
  };
  return (of, step) => ({
    of,
    step,
    prompts: prompts.filter((prompt) => !isDrawn(of, step, prompt)),
    ...(of === 'student' ? { checkpoint: join(folder, checkpointName(step)) } : {}),
  });
}
