/**
 * @file `pictures.json`: the list of pictures in a folder, for programs that show them.
 *
 * Each picture also has its entry in a text chunk of its own. So a list that another process overwrote, that is
 * damaged, or that was never written because its process was killed can be restored from the pictures.
 */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { exists } from '../base/existence.js';
import { writeFileAtomic } from '../base/files.js';
import {
  anyObject,
  listOf,
  number,
  object,
  partOf,
  text,
  valuesThat,
  whole,
  type JsonObject,
} from '../base/json-schema.js';
import { indentedJson } from '../base/indented-json.js';
import { ifThere } from '../base/json-file.js';
import { numberedNames, writeNewFile } from '../base/new-file.js';
import { soundJson } from '../base/parse-json.js';
import { readRegularFile } from '../base/regular-file.js';
import { textsOf } from './png.js';

/** The list beside the pictures. */
export const PICTURES_FILE = 'pictures.json';

/** The folder for pictures in a run's folder. */
export const PICTURES_FOLDER = 'pictures';

/** Whose embedding a preview shows. */
export const PREVIEWED = ['teacher', 'untrained', 'student'] as const;

/** What a picture drawn during training shows: a prompt at a moment of the run. */
export interface PreviewMark {
  readonly of: (typeof PREVIEWED)[number];
  /** Steps that the student had taken; 0 for the teacher and the untrained student. */
  readonly step: number;
  /** How many times the run had been resumed by then: distinguishes steps that were repeated after a rewind. */
  readonly resumed: number;
  /** The prompt in both languages, one of which was drawn. */
  readonly prompt: { readonly ko: string; readonly en: string };
}

/** A picture, or a grid of them, and what it was made from. */
export interface Picture {
  /** Its name in the folder. */
  readonly file: string;
  readonly kind: 'picture' | 'grid';
  /** One for a picture; for a grid one per row, Korean and English. */
  readonly prompts: readonly string[];
  readonly negative: string;
  readonly seed: number | undefined;
  readonly steps: number;
  readonly guidance: number;
  readonly scheduler: string;
  readonly width: number;
  readonly height: number;
  /** The text encoders by the names they were given; for a grid one per column. */
  readonly encoders: readonly string[];
  readonly pipeline: string;
  /** What is wrong with it, if anything. */
  readonly trouble?: string | undefined;
  /** Only for pictures drawn during training. */
  readonly preview?: PreviewMark | undefined;
}

const PREVIEW = object({
  of: v.picklist(PREVIEWED),
  step: whole(0),
  resumed: whole(0),
  prompt: object({ ko: text, en: text }),
});

/** The parts of an entry that the program relies on. */
const PICTURE = partOf<Picture>(
  object({
    file: valuesThat<string>((name) => typeof name === 'string' && !/[/\\]/.test(name), 'the name of a file'),
    prompts: listOf(text),
    encoders: listOf(text),
    seed: v.optional(number),
    steps: number,
    guidance: number,
    preview: v.optional(PREVIEW),
  }),
);

/** A list. Its entries are checked one by one, as some may come from a later version. */
const LIST = object({ pictures: listOf(v.unknown()) });

/** The keyword of the text chunk that holds a picture's entry. */
const RECORD = 'kd';

/** The text chunk from which a picture's entry in the list can be restored. */
export function recordChunk(picture: Omit<Picture, 'file'>): Record<string, string> {
  return { [RECORD]: JSON.stringify(picture) };
}

/** Text chunks come first in a picture's file; this many bytes are enough to find them. */
const TEXTS_END = 2 ** 18;

/** The pictures of a folder that still exist, in the order of the list, then those that are not listed. */
export async function readPictures(folder: string): Promise<Picture[]> {
  const { entries } = await readList(folder);
  const there: Picture[] = [];
  for (const entry of entries) if (isPicture(entry) && (await exists(join(folder, entry.file)))) there.push(entry);
  return [...there, ...(await unlisted(folder, entries))];
}

/**
 * Adds a picture to a folder's list, replacing an entry of the same name, and adds unlisted pictures too.
 *
 * Several processes may do so at once: each checks again after it has written, so that the last writer's list has them
 * all.
 */
export async function recordPicture(folder: string, picture: Picture): Promise<void> {
  const path = join(folder, PICTURES_FILE);
  const list = await readList(folder);
  if (list.isDamaged) await keepDamaged(path, folder);
  let entries = list.entries.filter((entry) => fileOf(entry) !== picture.file);
  let missing = [...(await unlisted(folder, [...entries, picture])), picture];
  while (missing.length > 0) {
    const kept: unknown[] = [];
    for (const entry of entries) if (!isPicture(entry) || (await exists(join(folder, entry.file)))) kept.push(entry);
    await writeFileAtomic(path, indentedJson({ version: 1, pictures: [...kept, ...missing] }));
    entries = (await readList(folder)).entries;
    missing = await unlisted(folder, entries);
    if (!entries.some((entry) => fileOf(entry) === picture.file)) missing.push(picture);
  }
}

/** The largest list in bytes: some hundred thousand pictures. */
const LARGEST_LIST = 2 ** 26;

/**
 * The list as it stands, including entries that only a later version may understand; empty if there is none, or it is
 * damaged. Throws an `InputError` if it cannot be read: it must not be replaced then.
 */
async function readList(folder: string): Promise<{ entries: unknown[]; isDamaged: boolean }> {
  const bytes = await ifThere(readRegularFile(join(folder, PICTURES_FILE), LARGEST_LIST));
  if (bytes === undefined) return { entries: [], isDamaged: false };
  const list = soundJson(LIST, bytes.toString('utf8'));
  return { entries: [...(list?.pictures ?? [])], isDamaged: list === undefined };
}

/** Keeps an unreadable list under another name before it is replaced. */
async function keepDamaged(path: string, folder: string): Promise<void> {
  await writeNewFile(folder, numberedNames('pictures-damaged', '.json'), await readFile(path));
}

/** The pictures in a folder that have an entry of their own and are not in the list. */
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

/** The entry in a picture's file; undefined for any other file. */
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

function fileOf(entry: unknown): unknown {
  return (entry as Partial<Picture> | null)?.file;
}

function isPicture(value: unknown): value is Picture {
  return v.is(PICTURE, value);
}
