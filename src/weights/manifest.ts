/**
 * @file `manifest.json`: the size and SHA-256 of every other file in a model's folder, as checkpoints carry it. A
 * folder that has one is checked before it is read:
 * `{"files": {"model.safetensors": {"bytes": 272363520, "sha256": "…"}, …}}`.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type * as v from 'valibot';
import { InputError, messageOf } from '../base/errors.js';
import { sha256Of } from '../base/file-hash.js';
import { readIfThere } from '../base/files.js';
import { formatHash } from '../base/format.js';
import { fileError, systemReason } from '../base/system-errors.js';
import { checkJson, mapOf, number, object, valuesThat } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import { TOKENIZER_FILES } from '../text/tokenizer-files.js';
import { PROJECTION_FILE, WEIGHT_FILES } from './folder.js';
import { CONFIG_FILE } from './config-file.js';

export const MANIFEST_FILE = 'manifest.json';

const ENTRY = object({
  bytes: number,
  /** In hexadecimal. */
  sha256: valuesThat<string>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value), 'a SHA-256'),
});
const isPlainName = (name: unknown): boolean => /^[\w.-]+$/.test(String(name)) && !String(name).startsWith('..');
const CONTENTS = object({ files: mapOf(ENTRY, valuesThat<string>(isPlainName, 'the name of a file')) });

/** The entry of a file. */
export type ManifestEntry = v.InferOutput<typeof ENTRY>;

/** Files by name. */
export type Manifest = Readonly<Record<string, ManifestEntry>>;

/** The files of a folder that a model is read from; a manifest must name all of them. */
const MODEL_FILES: readonly string[] = [CONFIG_FILE, ...WEIGHT_FILES, PROJECTION_FILE, ...TOKENIZER_FILES];

/** Ends the message about a folder that does not match its manifest. */
const REMEDY =
  'take an intact copy of the folder, or another checkpoint; if it was changed on purpose, remove its ' + MANIFEST_FILE;

/** Folders that were found intact, and the state of their files at the time. */
const checked = new Map<string, string>();

/**
 * Checks every file that a model folder's manifest names, by size and SHA-256. Does nothing for a folder without a
 * manifest, or one that was checked before and has not changed since.
 *
 * @throws InputError for a file that is missing, changed or not named, and for an invalid manifest
 */
export async function checkManifest(folder: string): Promise<void> {
  const path = join(folder, MANIFEST_FILE);
  const text = await readIfThere(path);
  if (text === undefined) return;
  const place = await realpath(folder);
  const state = await stateOf(folder);
  if (checked.get(place) === state) return;
  await verify(folder, text);
  checked.set(place, state);
}

async function verify(folder: string, text: string): Promise<void> {
  const there = (await readdir(folder)).filter((name) => MODEL_FILES.includes(name));
  try {
    const files = parseManifest(text);
    await checkFiles(folder, files);
    const unnamed = there.find((name) => !Object.hasOwn(files, name));
    if (unnamed !== undefined)
      throw new InputError(`${MANIFEST_FILE}: expected an entry for ${unnamed}, which is in the folder, found none`);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${folder}: ${error.message}; ${REMEDY}`, { cause: error });
  }
}

/**
 * Checks files against their entries: all sizes first, as they cost nothing.
 *
 * @throws InputError for the first that differs; its message begins with the file's name
 */
export async function checkFiles(folder: string, files: Manifest): Promise<void> {
  for (const [file, { bytes }] of Object.entries(files)) {
    const found = await stat(join(folder, file)).then(
      ({ size }) => size,
      (error: unknown) => systemReason(error) ?? messageOf(error),
    );
    if (found !== bytes)
      throw new InputError(
        `${file}: expected ${bytes} bytes, got ${typeof found === 'number' ? `${found} bytes` : found}`,
      );
  }
  for (const [file, { sha256 }] of Object.entries(files)) {
    const found = await sha256Of(join(folder, file)).catch((error: unknown) => {
      throw fileError(file, 'cannot be read', error);
    });
    if (found !== sha256)
      throw new InputError(`${file}: expected the SHA-256 ${formatHash(sha256)}…, got ${formatHash(found)}…`);
  }
}

/** Parses a manifest. Throws an InputError for an invalid one. */
export function parseManifest(text: string): Manifest {
  return checkJson(CONTENTS, parseJson(text, MANIFEST_FILE), MANIFEST_FILE, '').files;
}

/** The folders that this process found intact, for another process that will read them. */
export function checkedFolders(): [folder: string, state: string][] {
  return [...checked];
}

/** Takes over what another process found. Folders that have changed since are checked again. */
export function trustChecked(folders: readonly (readonly [folder: string, state: string])[]): void {
  for (const [folder, state] of folders) checked.set(folder, state);
}

/** Changes whenever a file of the folder is written, replaced, added or removed. */
async function stateOf(folder: string): Promise<string> {
  const facts = (await readdir(folder)).sort().map(async (name) => {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(join(folder, name), { bigint: true });
    return [name, dev, ino, size, mtimeNs, ctimeNs].join(' ');
  });
  return (await Promise.all(facts)).join('\n');
}
