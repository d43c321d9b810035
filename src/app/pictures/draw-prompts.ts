import { findTrouble } from '../../diffusion/picture-check.js';
import { fileStemOf } from '../../diffusion/picture-name.js';
import type { Picture } from '../../diffusion/pictures.js';
import type { Reporter } from '../reporter.js';
import { openEncoder } from '../open-encoder.js';
import { drawPicture } from './draw-picture.js';
import { textSource } from './encoder-fit.js';
import { checkBeforeFetching, findPipeline, loadPipeline } from './image-model.js';
import type { GenerateOptions } from './options.js';
import { makePicturesFolder, picturesFolder } from './pictures-folder.js';
import { withPreview } from './preview.js';
import { embed } from './prompt-embeddings.js';
import { pictureSettings } from './picture-settings.js';
import { savePicture } from './save-picture.js';
import { startingNoise } from './starting-noise.js';

/** A picture that was drawn. */
export interface DrawnPicture {
  readonly path: string;
  readonly prompt: string;
  /** Undefined if the noise came from a file. */
  readonly seed: number | undefined;
  /** What is wrong with it, such as being a single colour. */
  readonly trouble?: string;
}

/**
 * Draws each prompt `count` times.
 *
 * @param onPicture called after each picture is written
 * @throws InputError for an encoder or a pipeline that cannot be used, or a folder that cannot be written to; the
 *   reporter's abort reason
 */
export async function draw(
  prompts: readonly string[],
  options: GenerateOptions,
  reporter: Reporter,
  onPicture: (picture: DrawnPicture) => void,
): Promise<void> {
  await checkBeforeFetching(options);
  const encoder = await openEncoder({ name: options.encoder, flag: '--encoder' }, reporter);
  const folder = await picturesFolder(options, encoder);
  const files = await findPipeline(options, [textSource(encoder)], reporter);
  const [negative, ...embeddings] = await embed([options.negative, ...prompts], encoder, options, reporter);
  const pipeline = await loadPipeline(files, options, reporter);
  let removeEmpty: (() => Promise<void>) | undefined;
  try {
    removeEmpty = await makePicturesFolder(folder);
    for (const [i, prompt] of prompts.entries()) {
      for (let index = 0; index < options.count; index++) {
        const noise = await startingNoise(options, index);
        const settings = pictureSettings(options, noise, index);
        const { seed } = settings;
        const stem = fileStemOf(prompt, seed ?? 'latents');
        const request = { noise, prompt: embeddings[i]!, negative: negative!, title: prompt };
        const pixels = await withPreview(folder, stem, (onPreview) =>
          drawPicture(pipeline, { ...request, onPreview }, options, reporter),
        );
        const trouble = findTrouble(pixels);
        const picture: Omit<Picture, 'file'> = {
          kind: 'picture',
          prompts: [prompt],
          ...settings,
          encoders: [encoder.label],
          trouble,
        };
        const path = await savePicture(folder, stem, picture, pixels);
        if (trouble !== undefined) reporter.warn(`${path}: ${trouble}`);
        onPicture({ path, prompt, seed, ...(trouble === undefined ? {} : { trouble }) });
      }
    }
  } finally {
    await removeEmpty?.();
    await pipeline.release();
  }
}
