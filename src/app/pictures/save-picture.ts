/** @file Saves a picture: its file, with how it was made, and its entry in the folder's list. */
import { basename } from 'node:path';
import { recordChunk, recordPicture, type Picture } from '../../diffusion/pictures.js';
import { encodePng, withTexts } from '../../diffusion/png.js';
import type { Pixels } from '../../diffusion/tensors.js';
import { numberedNames, writeNewFile } from '../../base/new-file.js';
import { VERSION } from '../../base/version.js';

/**
 * Writes a picture, with how it was made, under the first free name with a given stem, and adds it to the folder's
 * list.
 *
 * @returns its path
 */
export async function savePicture(
  folder: string,
  stem: string,
  picture: Omit<Picture, 'file'>,
  image: Pixels | Buffer,
): Promise<string> {
  const texts = textsOf(picture);
  const png = Buffer.isBuffer(image) ? withTexts(image, texts) : await encodePng(image, texts);
  const path = await writeNewFile(folder, numberedNames(stem, '.png'), png);
  await recordPicture(folder, { file: basename(path), ...picture });
  return path;
}

/** The text entries in the picture's file. */
function textsOf(picture: Omit<Picture, 'file'>): Record<string, string> {
  const { prompts, negative, seed, steps, guidance, scheduler, width, height, encoders, pipeline } = picture;
  return {
    Software: `kd ${VERSION}`,
    prompt: prompts.join('\n'),
    negative_prompt: negative,
    seed: seed === undefined ? 'from a file' : String(seed),
    steps: String(steps),
    guidance_scale: String(guidance),
    scheduler,
    size: `${width}x${height}`,
    text_encoder: encoders.join('\n'),
    pipeline,
    ...recordChunk(picture),
  };
}
