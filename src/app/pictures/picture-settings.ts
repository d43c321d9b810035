/** @file The settings of a picture, as recorded in the list of its folder. */
import type { Picture } from '../../diffusion/pictures.js';
import { SCHEDULER_CLASSES } from '../../diffusion/scheduler-config.js';
import type { GenerateOptions } from './options.js';

/** How a picture is drawn, apart from its prompt. */
export type PictureSettings = Pick<
  Picture,
  'negative' | 'seed' | 'steps' | 'guidance' | 'scheduler' | 'width' | 'height' | 'pipeline'
>;

/**
 * The settings of a picture, as recorded in the list of its folder.
 *
 * @param size the width and height in pixels
 * @param index the index of the picture among those of its prompt
 */
export function pictureSettings(
  { negative, latents, seed, steps, guidance, scheduler, pipeline }: GenerateOptions,
  { width, height }: { readonly width: number; readonly height: number },
  index = 0,
): PictureSettings {
  return {
    negative,
    seed: latents === undefined ? seed + index : undefined,
    steps,
    guidance,
    scheduler: SCHEDULER_CLASSES[scheduler],
    width,
    height,
    pipeline,
  };
}
