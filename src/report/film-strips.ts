/** @file The previews of a run as film strips: one per prompt, with a frame per checkpoint, all from the same noise. */
import { join } from 'node:path';
import { PREVIEWS_FOLDER, readPreviews, stripKey, type PreviewPicture } from '../app/pictures/run-previews.js';
import { messageOf } from '../base/errors.js';
import { PREVIEWED } from '../diffusion/pictures.js';
import { checkpointName } from '../runs/checkpoint-names.js';
import type { RunConfig } from '../runs/run-config.js';
import { pointerTarget } from '../runs/run-folder.js';
import type { FilmStrip, FilmStrips, Frame, SmallImage } from './report-data.js';
import { smallImage } from './small-image.js';

/** The most strips on a page, and checkpoints per strip besides the best: about 8 kB a frame. */
const MOST = { strips: 12, frames: 10 } as const;

/** The longest side of a frame, in pixels: twice its size on a screen. */
const LONGEST = 256;

/** Frames already scaled down, by file; pictures are never overwritten. */
export type FrameCache = Map<string, SmallImage>;

/**
 * The film strips of a run; undefined if it has no previews.
 *
 * @param problems receives a message for every picture that cannot be read
 */
export async function filmStrips(
  run: string,
  config: RunConfig,
  problems: string[],
  cache: FrameCache = new Map(),
): Promise<FilmStrips | undefined> {
  const groups = new Map<string, PreviewPicture[]>();
  for (const picture of await readPreviews(run, config)) {
    const key = stripKey(picture.preview.prompt, picture);
    groups.set(key, [...(groups.get(key) ?? []), picture]);
  }
  const best = await pointerTarget(run, 'best');
  const strips: FilmStrip[] = [];
  for (const pictures of [...groups.values()].slice(0, MOST.strips)) {
    const strip = await stripOf(join(run, PREVIEWS_FOLDER), pictures, best, problems, cache);
    if (strip !== undefined) strips.push(strip);
  }
  return strips.length === 0 ? undefined : { total: groups.size, strips };
}

async function stripOf(
  folder: string,
  pictures: readonly PreviewPicture[],
  best: string | undefined,
  problems: string[],
  cache: FrameCache,
): Promise<FilmStrip | undefined> {
  const inOrder = framesInOrder(pictures);
  const checkpoints = inOrder.filter(({ preview }) => preview.of === 'student');
  const chosen = new Set(evenly(checkpoints, MOST.frames));
  const isShown = (picture: PreviewPicture): boolean =>
    picture.preview.of !== 'student' || chosen.has(picture) || checkpointName(picture.preview.step) === best;
  const frames: Frame[] = [];
  for (const picture of inOrder.filter(isShown)) {
    const { of, step } = picture.preview;
    try {
      const image = await frameImage(join(folder, picture.file), cache);
      frames.push({ ...image, of, step, ...(picture.trouble === undefined ? {} : { trouble: picture.trouble }) });
    } catch (error) {
      problems.push(`${join(folder, picture.file)}: expected a picture, got ${messageOf(error)}`);
    }
  }
  const [first] = pictures;
  if (frames.length === 0 || first === undefined) return undefined;
  const { seed, steps, guidance, preview } = first;
  return { prompt: preview.prompt, seed: seed ?? null, steps, guidance, checkpoints: checkpoints.length, frames };
}

/** The teacher, the untrained student, then the checkpoints by step; if one step was drawn several times, the last. */
function framesInOrder(pictures: readonly PreviewPicture[]): PreviewPicture[] {
  const byMoment = new Map(pictures.map((picture) => [`${picture.preview.of} ${picture.preview.step}`, picture]));
  return [...byMoment.values()].sort(
    ({ preview: a }, { preview: b }) => PREVIEWED.indexOf(a.of) - PREVIEWED.indexOf(b.of) || a.step - b.step,
  );
}

/** At most `count` evenly spaced values, including the first and the last. */
export function evenly<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  return Array.from({ length: count }, (_, i) => values[Math.round((i * (values.length - 1)) / (count - 1))]!);
}

async function frameImage(path: string, cache: FrameCache): Promise<SmallImage> {
  const image = cache.get(path) ?? (await smallImage(path, LONGEST));
  cache.set(path, image);
  return image;
}
