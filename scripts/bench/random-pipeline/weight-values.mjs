/** Kinds of random weights, and their bytes in a file. */
import { randomNormal } from '#dist/base/philox.js';
import { float32ToFloat16 } from '#dist/weights/half.js';

/** @typedef {'float32' | 'float16'} Precision */

/**
 * The contents of a weight: noise that preserves the scale of its input (`fanIn`), one value throughout, or given
 * values.
 *
 * @typedef {{ fanIn: number } | { value: number } | { values: readonly number[] }} Fill
 */

/**
 * `size` is the number of values.
 *
 * @typedef {{ name: string, shape: readonly number[], precision: Precision, size: number, fill: Fill }} Weight
 */

const noise = randomNormal(2 ** 16, 1, [1, 1]);

/**
 * The numbers that a weight repeats.
 *
 * @param {Fill} fill
 */
function blockOf(fill) {
  if ('values' in fill) return Float32Array.from(fill.values);
  if ('value' in fill) return Float32Array.of(fill.value);
  return noise.map((x) => x / Math.sqrt(fill.fanIn));
}

/**
 * A weight's values as bytes of a file. Noise repeats, as only its amount matters.
 *
 * @param {Weight} weight
 */
export function valuesOf({ size, precision, fill }) {
  const block = blockOf(fill);
  const isHalf = precision === 'float16';
  const encoded = isHalf ? float32ToFloat16(block) : block;
  const all = isHalf ? new Uint16Array(size) : new Float32Array(size);
  for (let start = 0; start < size; start += encoded.length) all.set(encoded.subarray(0, size - start), start);
  return new Uint8Array(all.buffer);
}
