import { createHash } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RowTokenizers } from '../data/prepare/encode.js';

/** Changes with the way stores are made, so that older ones are not taken. */
const STORE_VERSION = 2;

/** The first rules: invisible characters told texts apart, and long pairs were left out after duplicates. */
const FIRST_VERSION = 1;

/**
 * A name for the token store of some data, as a hash over paths, sizes and times of all files, options and tokenizers:
 * what is edited, added or removed makes another name, without any file being read.
 */
export async function storeKey(
  paths: readonly string[],
  options: object,
  { teacher, student }: RowTokenizers,
): Promise<string> {
  return keyOf(paths, [STORE_VERSION, options, teacher.fingerprint, student.fingerprint]);
}

/** The name that the first version of this program gave to the store of the same, which it made by other rules. */
export async function firstStoreKey(
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

/** A line for every file, in the order of names. A folder reached twice through links counts once. */
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
