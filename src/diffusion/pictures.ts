/**
 * @file `pictures.json`: what lies in a folder of pictures, for whoever shows them.
 *
 * Each picture also says what it is in a text chunk of its own. So a list that was overtaken by another process,
 * damaged, or never written because its process was killed, is made whole again from the pictures.
 */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../base/files.js';
import { anyObject, listOf, number, object, partOf, text, valuesThat, type JsonObject } from '../base/json-schema.js';
import { numberedNames, writeNewFile } from '../base/new-file.js';
import { soundJson } from '../base/parse-json.js';
import { textsOf } from './png.js';

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

/** What is relied on in a picture's entry. */
const PICTURE = partOf<Picture>(
  object({
    file: valuesThat<string>((name) => typeof name === 'string' && !/[/\\]/.test(name), 'the name of a file'),
    prompts: listOf(text),
    encoders: listOf(text),
    seed: v.optional(number),
    steps: number,
    guidance: number,
  }),
);

/** A list, of which entries are checked one by one: some may be those of a later version. */
const LIST = object({ pictures: listOf(v.unknown()) });

/** The keyword of the text chunk in which a picture says what it is. */
const RECORD = 'kd';

/** The text chunk from which a picture's entry in the list can be made again. */
export function recordChunk(picture: Omit<Picture, 'file'>): Record<string, string> {
  return { [RECORD]: JSON.stringify(picture) };
}

/** Texts come first in a picture's file: as much of it is read as may hold them. */
const TEXTS_END = 2 ** 18;

/**
 * The pictures of a folder that are still there, in the order in which they were listed, and those that are not listed.
 */
export async function readPictures(folder: string): Promise<Picture[]> {
  const { entries } = await readList(folder);
  const there: Picture[] = [];
  for (const entry of entries) if (isPicture(entry) && (await isThere(folder, entry))) there.push(entry);
  return [...there, ...(await unlisted(folder, entries))];
}

/**
 * Adds a picture to a folder's list, in the place of one that had its name before; and whatever lies there and is not
 * listed.
 *
 * Several processes may do so at once: each looks again after it has written, so that the last to write has them all.
 */
export async function recordPicture(folder: string, picture: Picture): Promise<void> {
  const path = join(folder, PICTURES_FILE);
  const list = await readList(folder);
  if (list.isDamaged) await keepDamaged(path, folder);
  let entries = list.entries.filter((entry) => fileOf(entry) !== picture.file);
  let missing = [...(await unlisted(folder, [...entries, picture])), picture];
  while (missing.length > 0) {
    const kept: unknown[] = [];
    for (const entry of entries) if (!isPicture(entry) || (await isThere(folder, entry))) kept.push(entry);
    await writeFileAtomic(path, `${JSON.stringify({ version: 1, pictures: [...kept, ...missing] }, null, 2)}\n`);
    entries = (await readList(folder)).entries;
    missing = await unlisted(folder, entries);
    if (!entries.some((entry) => fileOf(entry) === picture.file)) missing.push(picture);
  }
}

/**
 * A list as it stands, with entries that only a later version may understand; empty where there is none, or no sound
 * one.
 */
async function readList(folder: string): Promise<{ entries: unknown[]; isDamaged: boolean }> {
  const contents = await readFile(join(folder, PICTURES_FILE), 'utf8').catch(() => undefined);
  if (contents === undefined) return { entries: [], isDamaged: false };
  const list = soundJson(LIST, contents);
  return { entries: [...(list?.pictures ?? [])], isDamaged: list === undefined };
}

/** Keeps a list that cannot be read under another name, before a new one takes its place. */
async function keepDamaged(path: string, folder: string): Promise<void> {
  await writeNewFile(folder, numberedNames('pictures-damaged', '.json'), await readFile(path));
}

/** The pictures in a folder that say what they are, and that a list does not have. */
async function unlisted(folder: string, entries: readonly unknown[]): Promise<Picture[]> {
  const listed = new Set(entries.map(fileOf));
  const names = await readdir(folder).catch(() => []);
  const found: Picture[] = [];
  for (const file of names.filter((name) => /^[^.].*\.png$/i.test(name) && !listed.has(name)).sort()) {
    const picture: unknown = { ...(await readRecord(join(folder, file))), file };
    if (isPicture(picture)) found.push(picture);
  }
  return found;
}

/** What a picture says of itself; undefined for any other file. */
async function readRecord(path: string): Promise<JsonObject | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(TEXTS_END), 0, TEXTS_END, 0);
      return soundJson(anyObject, textsOf(buffer.subarray(0, bytesRead))[RECORD] ?? '');
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

async function isThere(folder: string, { file }: Picture): Promise<boolean> {
  return stat(join(folder, file)).then(
    () => true,
    () => false,
  );
}

function fileOf(entry: unknown): unknown {
  return (entry as Partial<Picture> | null)?.file;
}

function isPicture(value: unknown): value is Picture {
  return v.is(PICTURE, value);
}

/** Letters of a prompt that its picture's name has at most. */
const MOST_LETTERS = 40;

/** Bytes of them at most: some file systems take names of 143 bytes, and a seed, a number and an ending follow. */
const MOST_BYTES = 120;

/**
 * The beginning of a file name for a picture: the letters and digits of its prompt, and its seed. Prompts may share
 * one.
 */
export function fileStemOf(prompt: string, seed: number | string): string {
  const words = prompt
    .normalize('NFC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu) ?? ['empty'];
  let stem = '';
  for (const letter of Array.from(words.join('-')).slice(0, MOST_LETTERS)) {
    if (Buffer.byteLength(stem + letter) > MOST_BYTES) break;
    stem += letter;
  }
  return `${stem}-${seed}`;
}
