import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { isNamed } from '../base/existence.js';
import { otherWeights } from './other-weights.js';
import { openSafetensors, openShardedSafetensors } from './safetensors.js';
import type { TensorSource } from './tensor-source.js';
import { openShardedTorchBin, openTorchBin } from './torch-bin.js';
import { shown } from './wording.js';

const OPENERS = {
  'model.safetensors': openSafetensors,
  'model.safetensors.index.json': openShardedSafetensors,
  'pytorch_model.bin': openTorchBin,
  'pytorch_model.bin.index.json': openShardedTorchBin,
} as const;

/** The weight files that a model folder may have. The first that exists is read, as in transformers. */
export const WEIGHT_FILES = Object.keys(OPENERS) as readonly (keyof typeof OPENERS)[];

/** A student's projection to its teacher's width, stored beside its weights. */
export const PROJECTION_FILE = 'projection.safetensors';

/**
 * Opens the weights of a model folder.
 *
 * @throws InputError if there are none, or they are damaged
 */
export async function openWeights(folder: string): Promise<TensorSource> {
  for (const name of WEIGHT_FILES) {
    const path = join(folder, name);
    if (await isNamed(path)) return OPENERS[name](path); // a link to nothing says that the model has the file
  }
  const other = otherWeights(await readdir(folder).catch(() => []));
  const [found, remedy] =
    other === undefined
      ? ['none of them', "copy the model's weights there"]
      : [`only ${shown(other.name)}`, other.remedy];
  throw new InputError(`${folder}: expected a model's weights (${WEIGHT_FILES.join(', ')}), found ${found}; ${remedy}`);
}
