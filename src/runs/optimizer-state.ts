/**
 * @file `optimizer.safetensors`: Adam's moments of every trained parameter. Read as untrusted input, although kd wrote
 * it.
 */
import { momentShapes } from '../distill/adamw.js';
import type { ParameterValues } from '../distill/engine.js';
import { InputError } from '../base/errors.js';
import type { Shapes } from '../models/text-encoder.js';
import { checkFinite } from '../weights/finite.js';
import { openSafetensors } from '../weights/safetensors.js';
import { placeOf, type TensorSource } from '../weights/tensor-source.js';

/**
 * Checks an optimiser's state, and returns its values, which are read one by one. The file is open while they are.
 *
 * @param trained names and shapes of the trained parameters
 * @throws InputError for a different file or a missing moment; while reading, for values that are not finite
 */
export async function readMoments(path: string, trained: Shapes): Promise<ParameterValues> {
  const shapes = momentShapes(trained);
  const source = await openMoments(path, shapes);
  await source.close(); // until values are needed, so that a failure in between leaves nothing open
  return momentsIn(path, shapes);
}

async function* momentsIn(path: string, shapes: Shapes): ParameterValues {
  const source = await openMoments(path, shapes);
  try {
    for (const name of Object.keys(shapes))
      yield [name, checkFinite(await source.read(name), placeOf(path, name))] as const;
  } finally {
    await source.close();
  }
}

async function openMoments(path: string, shapes: Shapes): Promise<TensorSource> {
  const source = await openSafetensors(path);
  for (const [name, shape] of Object.entries(shapes)) {
    const found = source.tensors.get(name)?.shape;
    if (found?.join() === shape.join()) continue;
    await source.close();
    throw new InputError(
      `${path}: ${name}: expected the shape [${shape.join(', ')}], got ` +
        (found === undefined ? 'no such tensor' : `[${found.join(', ')}]`),
    );
  }
  return source;
}
