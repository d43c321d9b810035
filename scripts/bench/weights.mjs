/** Random weights, for when only their number matters. */
import { randomNormal } from '#dist/base/philox.js';

/** @import { TextEncoder } from '#dist/models/text-encoder.js' */

const noise = randomNormal(2 ** 16, 0.02, [1, 1]);

/**
 * A model's weights one by one, as if read from a file: generating all of them takes far longer than reading.
 *
 * @param {TextEncoder} encoder
 * @returns {AsyncGenerator<[name: string, values: Float32Array]>}
 */
export async function* weights(encoder) {
  for (const [name, shape] of Object.entries(encoder.shapes)) {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    yield [name, size <= noise.length ? encoder.initialise(name, 1) : noiseOf(size)];
  }
}

/**
 * Noise, repeated.
 *
 * @param {number} size
 */
export function noiseOf(size) {
  const values = new Float32Array(size);
  for (let start = 0; start < size; start += noise.length)
    values.set(noise.subarray(0, Math.min(noise.length, size - start)), start);
  return values;
}
