/** @file `pictures.json`: what lies in a folder of pictures, for whoever shows them. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../files.js';

/** The list beside the pictures. */
export const PICTURES_FILE = 'pictures.json';

/** The folder for pictures in a run's folder. */
export const PICTURES_FOLDER = 'pictures';

/** A picture, or a grid of them, and what it was made from. */
export interface Picture {
  /** Its name in the folder. */
  readonly file: string;
  readonly kind: 'picture' | 'grid';
  /** One for a picture; for a grid one a row, Korean and English. */
  readonly prompts: readonly string[];
  readonly negative: string;
  readonly seed: number | undefined;
  readonly steps: number;
  readonly guidance: number;
  readonly scheduler: string;
  readonly width: number;
  readonly height: number;
  /** The text encoders, as they were called; for a grid one a column. */
  readonly encoders: readonly string[];
  readonly pipeline: string;
  /** What is wrong with it, if anything. */
  readonly trouble?: string | undefined;
}

/** The pictures of a folder that are still there, in the order they were first drawn; none where there is no list, or no sound one. */
export async function readPictures(folder: string): Promise<Picture[]> {
  const there: Picture[] = [];
  for (const picture of await listed(folder)) {
    const isThere = await stat(join(folder, picture.file)).then(
      () => true,
      () => false,
    );
    if (isThere) there.push(picture);
  }
  return there;
}

/** Adds a picture to a folder's list, in the place of an older one of the same name. */
export async function recordPicture(folder: string, picture: Picture): Promise<void> {
  const others = (await readPictures(folder)).filter(({ file }) => file !== picture.file);
  await writeFileAtomic(
    join(folder, PICTURES_FILE),
    `${JSON.stringify({ version: 1, pictures: [...others, picture] }, null, 2)}\n`,
  );
}

async function listed(folder: string): Promise<Picture[]> {
  try {
    const { pictures } = JSON.parse(await readFile(join(folder, PICTURES_FILE), 'utf8')) as { pictures?: unknown };
    return Array.isArray(pictures) ? pictures.filter(isPicture) : [];
  } catch {
    return [];
  }
}

function isPicture(value: unknown): value is Picture {
  const { file, prompts, encoders, seed, steps, guidance } = (value ?? {}) as Partial<Picture>;
  const isTexts = (texts: unknown): boolean => Array.isArray(texts) && texts.every((text) => typeof text === 'string');
  return (
    typeof file === 'string' &&
    !/[/\\]/.test(file) &&
    isTexts(prompts) &&
    isTexts(encoders) &&
    typeof steps === 'number' &&
    typeof guidance === 'number' &&
    (seed === undefined || typeof seed === 'number')
  );
}

/** A file name of a prompt: its letters and digits, cut to what every file system takes. */
export function fileNameOf(prompt: string, seed: number | string): string {
  const words = prompt
    .normalize('NFC')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? ['empty'];
  return `${Array.from(words.join('-')).slice(0, 40).join('')}-${seed}.png`;
}
