import { openRandomAccess } from './byte-source.js';
import { readHeader } from './safetensors-header.js';
import { openSharded } from './sharded.js';
import type { TensorSource } from './tensor-source.js';
import { sourceOfBytes } from './tensor-source.js';

/**
 * Opens a safetensors file; reads its header only.
 *
 * @throws InputError if the file cannot be read or its header is not sound
 */
export async function openSafetensors(path: string): Promise<TensorSource> {
  const file = await openRandomAccess(path);
  try {
    const { tensors, dataStart } = await readHeader(file);
    return sourceOfBytes(
      path,
      tensors,
      ({ begin, end }) => file.read(dataStart + begin, end - begin),
      () => file.close(),
    );
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Opens the shards that a `model.safetensors.index.json` names, as one source.
 *
 * @throws InputError as `openSharded` and `openSafetensors`
 */
export function openShardedSafetensors(indexPath: string): Promise<TensorSource> {
  return openSharded(indexPath, openSafetensors);
}
