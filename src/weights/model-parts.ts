/** @file The parts of a model's folder, and the files that each consists of. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { exists, isNamed } from '../base/existence.js';
import { readJsonObject } from '../base/json-file.js';
import type { JsonObject } from '../base/json-schema.js';
import { TOKENIZER_FILES } from '../text/tokenizer-files.js';
import { CONFIG_FILE, LARGEST_CONFIG, PROJECTION_FIELD } from './config-file.js';
import { PROJECTION_FILE, WEIGHT_FILES } from './folder.js';
import { readShardIndex } from './sharded.js';

/** The files that another part of the program needs from a folder. */
export interface FolderPart {
  readonly files: readonly string[];
  /** Used if they exist. */
  readonly optional: readonly string[];
  /** All files directly in these folders belong to it, too. */
  readonly folders: readonly string[];
}

/** The parts of a model that are needed. */
export type ModelPart = 'config' | 'tokenizer' | 'weights' | FolderPart;

/** Weights beside the model's own, of a student with a projection. */
export const OPTIONAL_WEIGHTS: readonly string[] = [PROJECTION_FILE];

/** Lists what sentence-transformers adds to a model; beside the model's inner folder, if it has one. */
export const MODULES_FILE = 'modules.json';

/** Whether a file is in one of the folders of a part. */
export function isInFolders({ folders }: FolderPart, path: string): boolean {
  const slash = path.lastIndexOf('/');
  return slash !== -1 && folders.includes(path.slice(0, slash));
}

/**
 * How much of a part a folder of the cache has. `usable`: what is required, but not a file that matters where the model
 * has it, and that it has none is not known.
 */
export type Completeness = 'complete' | 'usable' | 'missing';

/** Files without which a tokenizer can be read, to another result than with them. */
export const DECISIVE_FILES: readonly string[] = ['tokenizer.json', 'tokenizer_config.json'];

/**
 * How much of a part a folder has. A file that is only a link to nothing is one that the model has, and is missing.
 *
 * @param isAbsent whether the model is known to have no file of this name
 */
export async function partIn(
  folder: string,
  part: ModelPart,
  isAbsent: (name: string) => Promise<boolean>,
): Promise<Completeness> {
  const has = async (...names: string[]): Promise<boolean> => {
    const present = await Promise.all(names.map((name) => exists(join(folder, name))));
    return present.every(Boolean);
  };
  for (const name of await namesOfPart(folder, part))
    if ((await isNamed(join(folder, name))) && !(await has(name))) return 'missing';
  if (part === 'config') return (await has(CONFIG_FILE)) ? 'complete' : 'missing';
  if (part === 'weights') {
    if (!(await hasWeights(folder, has))) return 'missing';
    return !(await isProjected(folder)) || (await has(PROJECTION_FILE)) ? 'complete' : 'usable'; // refused when opened
  }
  // Files of other parts appear in the snapshot once all are complete.
  if (part !== 'tokenizer') return (await has(...part.files)) ? 'complete' : 'missing';
  const vocabularies = await Promise.all([has('tokenizer.json'), has('vocab.txt'), has('vocab.json', 'merges.txt')]);
  if (!vocabularies.includes(true)) return 'missing';
  for (const name of DECISIVE_FILES) if (!(await has(name)) && !(await isAbsent(name))) return 'usable';
  return 'complete';
}

async function hasWeights(folder: string, has: (...names: string[]) => Promise<boolean>): Promise<boolean> {
  const first = await firstWeights(folder);
  if (!first?.endsWith('.index.json')) return first !== undefined;
  const index = await readShardIndex(join(folder, first)).catch((error: unknown) => {
    if (error instanceof InputError) return undefined; // damaged, and fetched again
    throw error;
  });
  return index !== undefined && has(...index.values());
}

/** Whether a model's configuration says that it has a projection, which Python's libraries do not download. */
async function isProjected(folder: string): Promise<boolean> {
  const config = await readJsonObject(join(folder, CONFIG_FILE), LARGEST_CONFIG).catch((error: unknown): JsonObject => {
    if (error instanceof InputError) return {}; // none, or a damaged one, which is reported where it is used
    throw error;
  });
  return (config[PROJECTION_FIELD] ?? undefined) !== undefined;
}

/**
 * The files of a part in a folder, with indexes before the files they list; for weights, only the kind that is read.
 */
export async function* filesOfPart(folder: string, part: ModelPart): AsyncGenerator<string> {
  for (const name of await namesOfPart(folder, part)) if (await exists(join(folder, name))) yield name;
  if (part !== 'weights') return;
  const first = await firstWeights(folder);
  if (first?.endsWith('.index.json') === true) yield* new Set((await readShardIndex(join(folder, first))).values());
}

async function namesOfPart(folder: string, part: ModelPart): Promise<readonly string[]> {
  if (part === 'config') return [CONFIG_FILE];
  if (part === 'tokenizer') return [...TOKENIZER_FILES, CONFIG_FILE];
  if (part === 'weights') {
    const first = await firstWeights(folder);
    return [...(first === undefined ? [] : [first]), ...OPTIONAL_WEIGHTS];
  }
  const lists = part.folders.map(async (name) => {
    const entries = await readdir(join(folder, name), { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => `${name}/${entry.name}`);
  });
  return [...new Set([...part.files, ...part.optional, ...(await Promise.all(lists)).flat()])];
}

async function firstWeights(folder: string): Promise<string | undefined> {
  for (const name of WEIGHT_FILES) if (await isNamed(join(folder, name))) return name;
  return undefined;
}
