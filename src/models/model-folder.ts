/** @file Writes a model folder in transformers' layout; `pretrained.ts` reads one. */
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.js';
import { PROJECTION_FILE } from '../weights/folder.js';
import { createSafetensors, type SafetensorsWriter } from '../weights/safetensors-writer.js';
import { isProjection, nameInFile } from './projection.js';
import type { Shapes } from './text-encoder.js';

/** A file that is held in memory. */
export interface SmallFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The contents of a model folder. */
export interface ModelContents {
  readonly parameters: AsyncIterable<readonly [name: string, values: Float32Array]>;
  /** Names and shapes of all parameters, known before their values. */
  readonly shapes: Shapes;
  /** The text of `config.json`. */
  readonly config: string;
  /** Further files: the tokenizer's. */
  readonly files: readonly SmallFile[];
}

/**
 * Writes `model.safetensors`, `projection.safetensors` if the model has one, `config.json` and the further files.
 *
 * @throws InputError if something cannot be written
 */
export async function writeModelFolder(
  folder: string,
  { parameters, shapes, config, files }: ModelContents,
): Promise<void> {
  const own = await startWeights(
    join(folder, 'model.safetensors'),
    shapes,
    (name) => !isProjection(name),
    (name) => name,
  );
  const projection = await startWeights(join(folder, PROJECTION_FILE), shapes, isProjection, nameInFile);
  try {
    for await (const [name, values] of parameters) {
      if (isProjection(name)) await projection!.write(nameInFile(name), 0, values);
      else await own!.write(name, 0, values);
    }
    for (const weights of [own, projection]) await weights?.finish();
  } finally {
    for (const weights of [own, projection]) await weights?.discard(); // does nothing once finished
  }
  await writeFileAtomic(join(folder, 'config.json'), config);
  for (const { name, bytes } of files) await writeFileAtomic(join(folder, name), bytes);
}

/** A writer for the parameters of one file; undefined if there are none. */
async function startWeights(
  path: string,
  shapes: Shapes,
  belongs: (name: string) => boolean,
  nameOf: (name: string) => string,
): Promise<SafetensorsWriter | undefined> {
  const entries = Object.entries(shapes).filter(([name]) => belongs(name));
  if (entries.length === 0) return undefined;
  return createSafetensors(
    path,
    entries.map(([name, shape]) => ({ name: nameOf(name), dtype: 'F32', shape })),
  );
}
