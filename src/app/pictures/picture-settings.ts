/** @file How pictures are drawn, as their entries in a folder's list have it. */
import type { Picture } from '../../diffusion/pictures.js';
import { SCHEDULER_CLASSES } from '../../diffusion/scheduler-config.js';
import type { GenerateOptions } from './options.js';

/** How a picture is drawn, whatever it shows. */
export type PictureSettings = Pick<
  Picture,
  'negative' | 'seed' | 'steps' | 'guidance' | 'scheduler' | 'width' | 'height' | 'pipeline'
>;

/**
 * The settings of a picture, as its entry in the list has them.
 *
 * @param size in pixels
 * @param index of the picture among those of a prompt
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
