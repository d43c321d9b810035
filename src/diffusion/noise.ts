/** @file The noise that a picture starts from. */
import { InputError } from '../base/errors.js';
import { hash32, randomNormal } from '../base/philox.js';
import { openSafetensors } from '../weights/safetensors.js';
import { shownShape } from '../weights/wording.js';
import { LATENT_CHANNELS, PIXELS_PER_LATENT } from './latents.js';

/** Noise, and the size of its picture in pixels. */
export interface StartingNoise {
  /** `[C, h, w]` */
  readonly noise: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** The tensor's name in a file of noise. */
const TENSOR = 'noise';

/** Keeps this use of a seed independent of other uses of the same number. */
const PLACE = hash32('starting noise');

/**
 * Noise from a seed, the same on every machine: integers from a counter-based generator, turned into normally
 * distributed numbers by arithmetic that IEEE 754 defines to the last bit.
 */
export function noiseFromSeed(seed: number, height: number, width: number): StartingNoise {
  const size = (LATENT_CHANNELS * height * width) / PIXELS_PER_LATENT ** 2;
  return { noise: randomNormal(size, 1, [PLACE, seed]), height, width };
}

/**
 * Noise from a safetensors file's tensor `noise`, `[C, h, w]` or `[1, C, h, w]`.
 *
 * @throws InputError for a file without it, of another shape, or with values that are not finite
 */
export async function readNoise(path: string): Promise<StartingNoise> {
  const file = await openSafetensors(path);
  try {
    const shape = file.tensors.get(TENSOR)?.shape;
    if (shape === undefined)
      throw new InputError(
        `${path}: expected a tensor called ${TENSOR}, got ${[...file.tensors.keys()].slice(0, 5).join(', ') || 'none'}`,
      );
    const [channels, h, w] = shape.slice(-3);
    const isOne = shape.length === 3 || (shape.length === 4 && shape[0] === 1);
    if (!isOne || channels !== LATENT_CHANNELS || !(h! > 0 && w! > 0)) {
      throw new InputError(
        `${path}: expected ${TENSOR} to be [1, ${LATENT_CHANNELS}, height / 8, width / 8], got ${shownShape(shape)}`,
      );
    }
    const noise = await file.read(TENSOR);
    const wrong = noise.find((value) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new InputError(`${path}: expected finite numbers as ${TENSOR}, got ${wrong}; make the file again`);
    return { noise, height: h! * PIXELS_PER_LATENT, width: w! * PIXELS_PER_LATENT };
  } finally {
    await file.close();
  }
}
