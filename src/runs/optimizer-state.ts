/**
 * @file `optimizer.safetensors`: Adam's moments of every trained parameter. Written by this tool, but read as
 *   anybody's.
 */
import { momentShapes } from '../distill/adamw.js';
import type { ParameterValues } from '../distill/engine.js';
import { InputError } from '../base/errors.js';
import type { Shapes } from '../models/text-encoder.js';
import { checkFinite } from '../weights/finite.js';
import { openSafetensors } from '../weights/safetensors.js';
import { placeOf } from '../weights/tensor-source.js';

/**
 * Opens an optimiser's state; its values are read when their turn comes, and the file is closed after the last.
 *
 * @param trained names and shapes of the parameters that are trained
 * @throws InputError for another file, or a moment that it lacks; while they are read, for one that is not finite
 */
export async function readMoments(path: string, trained: Shapes): Promise<ParameterValues> {
  const shapes = momentShapes(trained);
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
  return (async function* values() {
    try {
      for (const name of Object.keys(shapes))
        yield [name, checkFinite(await source.read(name), placeOf(path, name))] as const;
    } finally {
      await source.close();
    }
  })();
}
