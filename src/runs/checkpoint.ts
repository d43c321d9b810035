/**
 * @file Writes checkpoints. A checkpoint is `step-00012345/`: a complete model folder that `transformers` can read,
 * plus `optimizer.safetensors` (Adam's moments), `trainer.json` (the state of the run) and `manifest.json` (size and
 * SHA-256 of every other file).
 */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { momentShapes } from '../distill/adamw.js';
import type { NamedValues } from '../distill/engine.js';
import { sha256Of } from '../base/file-hash.js';
import { syncFolder, writeFileAtomic } from '../base/files.js';
import { indentedJson } from '../base/indented-json.js';
import { fileError } from '../base/system-errors.js';
import { writeModelFolder, type SmallFile } from '../models/model-folder.js';
import { countParameters, FLOAT_BYTES, type Shapes } from '../models/text-encoder.js';
import type { ManifestEntry } from '../weights/manifest.js';
import { createSafetensors } from '../weights/safetensors-writer.js';
import { CHECKPOINT_FILES, checkpointName, checkpointNames, REPLACED, TEMPORARY } from './checkpoint-names.js';
import { NotPointedAtError } from './not-pointed-at-error.js';
import { writePointer, pointerTarget } from './run-folder.js';

/** What goes into a checkpoint. */
export interface CheckpointContents {
  readonly step: number;
  readonly parameters: AsyncIterable<NamedValues>;
  /** Names and shapes of all parameters, known before their values. */
  readonly shapes: Shapes;
  /** The optimiser's moments, keyed by `momentName`. */
  readonly moments: AsyncIterable<NamedValues>;
  /** Names and shapes of the trained parameters. */
  readonly trained: Shapes;
  /** The text of the model's `config.json`. */
  readonly config: string;
  /** Further files: the tokenizer's. */
  readonly files: readonly SmallFile[];
  /** The text of `trainer.json`. */
  readonly trainer: string;
}

/** The bytes of a checkpoint, except for its configuration, `trainer.json` and manifest. */
export function checkpointBytes(shapes: Shapes, trained: Shapes, files: readonly SmallFile[]): number {
  const tensors = FLOAT_BYTES * (countParameters(shapes) + 2 * countParameters(trained));
  return files.reduce((sum, { bytes }) => sum + bytes.length, tensors);
}

/**
 * Writes a checkpoint into the run's folder, and points `last`, and `best` if asked, at it. The folder has a temporary
 * name until it is complete and on disk, so that a folder called `step-…` is always complete.
 *
 * @returns the checkpoint's name
 * @throws NotPointedAtError if it was saved, but a pointer could not be written
 * @throws InputError if the system refuses; the run is then unchanged
 */
export async function writeCheckpoint(run: string, contents: CheckpointContents, isBest: boolean): Promise<string> {
  const name = await writeUnpointed(run, contents);
  for (const pointer of isBest ? (['last', 'best'] as const) : (['last'] as const)) {
    await writePointer(run, pointer, name).catch((error: unknown) => {
      throw new NotPointedAtError(name, pointer, error);
    });
  }
  return name;
}

/**
 * Writes a checkpoint as `writeCheckpoint`, into any folder, and points nothing at it.
 *
 * @returns the checkpoint's name
 * @throws InputError if the system refuses; the folder is then unchanged
 */
export async function writeUnpointed(run: string, contents: CheckpointContents): Promise<string> {
  const name = checkpointName(contents.step);
  const folder = join(run, `${TEMPORARY}${name}`);
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    await writeModelFolder(folder, { ...contents, parameters: named(contents.parameters) });
    await writeTensors(join(folder, CHECKPOINT_FILES.optimizer), momentShapes(contents.trained), contents.moments);
    await writeFileAtomic(join(folder, CHECKPOINT_FILES.trainer), contents.trainer);
    await writeManifest(folder);
    await takePlace(run, folder, name);
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined); // the first error is the one to report
    throw fileError(join(run, name), 'cannot be written', error);
  }
  return name;
}

/**
 * Removes a run's oldest checkpoints, except for the newest `keep`, the best, and the one that `best` names, if
 * different.
 *
 * @param others names of further checkpoints to keep, such as one that is being read
 */
export async function pruneCheckpoints(
  run: string,
  keep: number,
  ...others: readonly (string | undefined)[]
): Promise<void> {
  const kept = [...others, await pointerTarget(run, 'best')];
  for (const name of (await checkpointNames(run)).slice(keep).filter((old) => !kept.includes(old)))
    await removeCheckpoint(run, name);
}

/** Renames a checkpoint before removing it, so that a folder called `step-…` is always complete. */
async function removeCheckpoint(run: string, name: string): Promise<void> {
  const going = join(run, `${TEMPORARY}${name}`);
  await rm(going, { recursive: true, force: true });
  await rename(join(run, name), going);
  await rm(going, { recursive: true, force: true });
}

/**
 * Gives a finished folder its name. An existing checkpoint of the same step is renamed first and removed last, so that
 * one always exists.
 */
async function takePlace(run: string, folder: string, name: string): Promise<void> {
  await syncFolder(folder);
  const aside = join(run, `${REPLACED}${name}`);
  await rm(aside, { recursive: true, force: true });
  await rename(join(run, name), aside).catch(ignoreMissing);
  await rename(folder, join(run, name)).catch(async (error: unknown) => {
    await rename(aside, join(run, name)).catch(() => undefined); // if there was none, or as `tidyRun` will
    throw error;
  });
  await syncFolder(run);
  await rm(aside, { recursive: true, force: true });
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

async function* named(
  parameters: AsyncIterable<NamedValues>,
): AsyncGenerator<readonly [name: string, values: Float32Array]> {
  for await (const { name, values } of parameters) yield [name, values];
}

async function writeTensors(path: string, shapes: Shapes, values: AsyncIterable<NamedValues>): Promise<void> {
  const specs = Object.entries(shapes).map(([name, shape]) => ({ name, dtype: 'F32' as const, shape }));
  const file = await createSafetensors(path, specs);
  try {
    for await (const { name, values: tensor } of values) await file.write(name, 0, tensor);
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

async function writeManifest(folder: string): Promise<void> {
  const files: Record<string, ManifestEntry> = {};
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    files[name] = { bytes: (await stat(path)).size, sha256: await sha256Of(path) };
  }
  await writeFileAtomic(join(folder, CHECKPOINT_FILES.manifest), indentedJson({ files }));
}
