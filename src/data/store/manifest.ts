/** @file `manifest.json`: what a token store holds. It is written last, so that a folder without it is not a store. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError, messageOf } from '../../base/errors.js';
import { anyObject, checkFormat, checkJson, listOf, number, object, partOf, text } from '../../base/json-schema.js';
import { parseJson } from '../../base/parse-json.js';
import { openRegularFile } from '../../base/regular-file.js';
import { shellCommand } from '../../base/shell.js';
import { SPLITS } from './splits.js';

export const MANIFEST = 'manifest.json';

/** The name and version of the format. */
const FORMAT = 'kd token store';
const VERSION = 1;

const SHARD = object({
  file: text,
  split: v.picklist(SPLITS),
  rows: number,
  bytes: number,
  /** In hexadecimal. */
  sha256: text,
});

const TOKENIZER = object({ fingerprint: v.nullable(text), pad_id: number, vocab_size: number });

/** Depends only on the rows read, the tokenizers and the options, not on paths, times or machines. */
const CONTENTS = object({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  /** How many ids texts were truncated to. */
  max_length: number,
  tokenizers: object({ teacher: TOKENIZER, student: TOKENIZER }),
  options: partOf<object>(anyObject),
  inputs: object({
    /** SHA-256, in hexadecimal, over the sorted hashes of all usable pairs. */
    fingerprint: text,
    rows: number,
  }),
  counts: partOf<object>(anyObject),
  /** Training shards, then validation shards, each split in the order of its rows. */
  shards: listOf(SHARD),
});

/** One Arrow file. */
export type ShardFile = v.InferOutput<typeof SHARD>;

/** The tokenizer that made the ids. */
export type StoredTokenizer = v.InferOutput<typeof TOKENIZER>;

/** What a token store holds. */
export type Manifest = v.InferOutput<typeof CONTENTS>;

/** A manifest in this version's format. */
export function manifestOf(contents: Omit<Manifest, 'format' | 'version'>): Manifest {
  return { format: FORMAT, version: VERSION, ...contents };
}

/** How many bytes at the beginning of a manifest contain its format. */
const BEGINNING_BYTES = 1 << 12;

/** Whether the beginning of a folder's manifest says that it is a complete token store. */
export async function isStore(folder: string): Promise<boolean> {
  try {
    const { handle } = await openRegularFile(join(folder, MANIFEST));
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead).includes(FORMAT);
    } finally {
      await handle.close();
    }
  } catch {
    return false; // no manifest, or something else under its name
  }
}

/** Reads a store's manifest and checks that its files exist. Throws an `InputError` that says what is missing. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST);
  const again = `prepare it again with ${shellCommand(['kd', 'prepare', '--out', folder])}`;
  const contents = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new InputError(`${file}: expected a token store's manifest, got ${messageOf(error)}; ${again}`);
  });
  const json = parseJson(contents, file, again);
  checkFormat(json, { format: FORMAT, version: VERSION }, file, again);
  const manifest = checkJson(CONTENTS, json, file, again);
  for (const { file: name, bytes } of manifest.shards) {
    const size = await stat(join(folder, name)).then(
      (entry) => entry.size,
      () => undefined,
    );
    if (size === bytes) continue;
    const found = size === undefined ? 'no such file' : `${size} bytes`;
    throw new InputError(`${join(folder, name)}: expected a file of ${bytes} bytes, got ${found}; ${again}`);
  }
  return manifest;
}

/** SHA-256, in hexadecimal, over the checksums of all shards. It identifies all rows and their order. */
export function contentFingerprint({ shards }: Manifest): string {
  return createHash('sha256')
    .update(shards.map(({ sha256 }) => sha256).join('\n'))
    .digest('hex');
}
