/** @file What is still to be drawn of a run: of each text encoder, the prompts of which there is no picture yet. */
import { join } from 'node:path';
import { stripKey, type PreviewPicture } from '../../app/pictures/run-previews.js';
import type { PromptPair } from '../../app/pictures/prompts.js';
import { SCHEDULER_CLASSES } from '../../diffusion/scheduler-config.js';
import { checkpointName } from '../../runs/checkpoint.js';
import type { PreviewPlan } from './plan.js';
import type { PreviewState } from './task.js';

/** Gives a text encoder at a step with the prompts that are still to be drawn with it. */
export type StateOf = (of: PreviewState['of'], step: number) => PreviewState;

/**
 * The states of a run, less what has been drawn in the way that is planned.
 *
 * @param folder the run's
 * @param drawn the pictures that there are
 */
export function statesToDraw(
  { prompts, options }: PreviewPlan,
  folder: string,
  drawn: readonly PreviewPicture[],
): StateOf {
  const drawing = {
    ...options,
    scheduler: SCHEDULER_CLASSES[options.scheduler],
    width: options.width ?? 512,
    height: options.height ?? 512,
  };
  const isDrawn = (of: PreviewState['of'], step: number, prompt: PromptPair): boolean => {
    const key = stripKey(prompt, drawing);
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
