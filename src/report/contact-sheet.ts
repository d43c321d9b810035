/** @file Thumbnails of the pictures drawn with a run's text encoders. */
import { join } from 'node:path';
import { messageOf } from '../base/errors.js';
import { PICTURES_FOLDER, readPictures, type Picture } from '../diffusion/pictures.js';
import type { ContactSheet, Thumbnail } from './report-data.js';
import { smallImage } from './small-image.js';

/** The most pictures on a page: about 20 kB each. */
const MOST = 24;

/** The longest side of thumbnails, in pixels: twice their size on a screen. A grid's labels must stay readable. */
const LONGEST = { picture: 384, grid: 1400 } as const;

/**
 * The contact sheet of a run; undefined if nothing has been drawn.
 *
 * @param run the run's folder, in which `kd generate` keeps pictures
 * @param problems receives a message for every picture that cannot be read
 */
export async function contactSheet(run: string, problems: string[]): Promise<ContactSheet | undefined> {
  const folder = join(run, PICTURES_FOLDER);
  const all = await readPictures(folder);
  const pictures: Thumbnail[] = [];
  for (const picture of all.slice(-MOST).reverse()) {
    try {
      pictures.push(await thumbnailOf(folder, picture));
    } catch (error) {
      problems.push(`${join(folder, picture.file)}: expected a picture, got ${messageOf(error)}`);
    }
  }
  return pictures.length === 0 ? undefined : { total: all.length, pictures };
}

async function thumbnailOf(
  folder: string,
  { file, kind, prompts, encoders, seed, steps, guidance, trouble }: Picture,
): Promise<Thumbnail> {
  const longest = LONGEST[kind === 'grid' ? 'grid' : 'picture'];
  return {
    ...(await smallImage(join(folder, file), longest)),
    kind: kind === 'grid' ? 'grid' : 'picture',
    prompts,
    encoders,
    seed: seed ?? null,
    steps,
    guidance,
    ...(trouble === undefined ? {} : { trouble }),
  };
}
