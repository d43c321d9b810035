import { createHash } from 'node:crypto';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RowTokenizers } from '../data/prepare/row-encoder.js';

/** Incremented when stores are made differently, so that older ones are not reused. */
const STORE_VERSION = 3;

/** In the first version, invisible characters made texts distinct, and long pairs were removed after duplicates. */
const FIRST_VERSION = 1;

/** In the second version, control characters were stored. */
const SECOND_VERSION = 2;

/**
 * A name for the token store of some data: a hash of the paths, sizes and times of all files, the options and the
 * tokenizers. Editing, adding or removing a file changes the name; no file has to be read.
 */
export async function storeKey(
  paths: readonly string[],
  options: object,
  { teacher, student }: RowTokenizers,
): Promise<string> {
  return keyOf(await factsOf(paths), [STORE_VERSION, options, teacher.fingerprint, student.fingerprint]);
}

/** The names that earlier versions of this program, with their different rules, gave to the store of the same data. */
export async function legacyStoreKeys(
  paths: readonly string[],
  options: object,
  { teacher, student }: RowTokenizers,
): Promise<readonly string[]> {
  const facts = await factsOf(paths);
  return [
    keyOf(facts, [FIRST_VERSION, options, teacher.filesFingerprint, student.filesFingerprint]),
    keyOf(facts, [SECOND_VERSION, options, teacher.fingerprint, student.fingerprint]),
  ];
}

function keyOf(facts: readonly string[], making: readonly unknown[]): string {
  const hash = createHash('sha256').update(JSON.stringify(making));
  for (const fact of facts) hash.update(`${fact}\n`);
  return hash.digest('hex').slice(0, 16);
}

async function factsOf(paths: readonly string[]): Promise<string[]> {
  const facts: string[] = [];
  for (const path of paths) for (const fact of await factsUnder(path, new Set())) facts.push(fact);
  return facts;
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
