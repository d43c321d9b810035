/** @file `manifest.json`: what a token store holds. It is written last, so that a folder without it is no store. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../../base/errors.js';
import { aNumber, aText, listOf, objectWith, orNull } from '../../base/json-shape.js';
import { shellCommand } from '../../base/shell.js';
import type { Side } from './schema.js';

export const MANIFEST = 'manifest.json';

/** What a manifest calls itself, and the version of the format. */
const FORMAT = 'kd token store';
const VERSION = 1;

/** One Arrow file. */
export interface ShardFile {
  readonly file: string;
  readonly split: Side;
  readonly rows: number;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** A tokenizer that ids were made with. */
export interface StoredTokenizer {
  readonly fingerprint: string | null;
  readonly pad_id: number;
  readonly vocab_size: number;
}

/** All of it depends on the rows read, the tokenizers and the options alone: not on paths, times or machines. */
export interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** Ids a text was cut to. */
  readonly max_length: number;
  readonly tokenizers: { readonly teacher: StoredTokenizer; readonly student: StoredTokenizer };
  readonly options: object;
  readonly inputs: {
    /** SHA-256, in hexadecimal, over the sorted hashes of all pairs that could be used. */
    readonly fingerprint: string;
    readonly rows: number;
  };
  readonly counts: object;
  /** Training shards, then validation shards, each side in the order of its rows. */
  readonly shards: readonly ShardFile[];
}

/** A manifest in this version's format. */
export function manifestOf(contents: Omit<Manifest, 'format' | 'version'>): Manifest {
  return { format: FORMAT, version: VERSION, ...contents };
}

const TOKENIZER = objectWith({ fingerprint: orNull(aText), pad_id: aNumber, vocab_size: aNumber });

const MANIFEST_SHAPE = objectWith({
  max_length: aNumber,
  tokenizers: objectWith({ teacher: TOKENIZER, student: TOKENIZER }),
  shards: listOf(objectWith({ file: aText, split: aText, rows: aNumber, bytes: aNumber, sha256: aText })),
});

/** Whether a folder is a complete token store, or claims to be one. */
export async function isStore(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => '');
  return text.includes(FORMAT);
}

/** Reads a store's manifest and checks that its files are there. Throws an `InputError` that says what is missing. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST);
  const again = `prepare it again with ${shellCommand(['kd', 'prepare', '--out', folder])}`;
  let manifest: Manifest;
  try {
    manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest; // its shape is looked at below
  } catch (error) {
    throw new InputError(`${file}: expected a token store's manifest, got ${messageOf(error)}; ${again}`);
  }
  if (manifest?.format !== FORMAT || manifest.version !== VERSION) {
    throw new InputError(
      `${file}: expected "${FORMAT}" of version ${VERSION}, got "${manifest?.format}" of version ${manifest?.version}; ${again}`,
    );
  }
  const wrong = MANIFEST_SHAPE(manifest);
  if (wrong !== undefined)
    throw new InputError(`${file}: expected a token store's manifest, got one without a sound ${wrong}; ${again}`);
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

/** SHA-256, in hexadecimal, over the checksums of all shards: stands for all rows and their order. */
export function contentFingerprint({ shards }: Manifest): string {
  return createHash('sha256')
    .update(shards.map(({ sha256 }) => sha256).join('\n'))
    .digest('hex');
}
