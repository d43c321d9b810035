import { createHash } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RowTokenizers } from '../data/prepare/row-encoder.js';

/** Incremented when stores are made differently, so that older ones are not reused. */
const STORE_VERSION = 2;

/** In the first version, invisible characters made texts distinct, and long pairs were removed after duplicates. */
const FIRST_VERSION = 1;

/**
 * A name for the token store of some data: a hash of the paths, sizes and times of all files, the options and the
 * tokenizers. Editing, adding or removing a file changes the name; no file has to be read.
 */
export async function storeKey(
  paths: readonly string[],
  options: object,
  { teacher, student }: RowTokenizers,
): Promise<string> {
  return keyOf(paths, [STORE_VERSION, options, teacher.fingerprint, student.fingerprint]);
}

/** The name that the first version of this program, with its different rules, gave to the store of the same data. */
export async function legacyStoreKey(
  paths: readonly string[],
  options: object,
  { teacher, student }: RowTokenizers,
): Promise<string> {
  return keyOf(paths, [FIRST_VERSION, options, teacher.filesFingerprint, student.filesFingerprint]);
}

async function keyOf(paths: readonly string[], making: readonly unknown[]): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(making));
  for (const path of paths) for (const facts of await factsUnder(path, new Set())) hash.update(`${facts}\n`);
  return hash.digest('hex').slice(0, 16);
}

/** A line for each file, sorted by name. A folder reached twice through links counts once. */
async function factsUnder(path: string, seen: Set<string>): Promise<string[]> {
  const entry = await stat(path).catch(() => undefined);
  if (entry === undefined) return [`${path} is not there`];
  const real = await realpath(path);
  if (!entry.isDirectory()) return [`${real} ${entry.size} ${entry.mtimeMs}`];
  if (seen.has(real)) return [];
  seen.add(real);
  const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
  return (await Promise.all(names.map((name) => factsUnder(join(path, name), seen)))).flat();
}
