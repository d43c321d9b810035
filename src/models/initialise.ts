import { hash32, randomNormal } from '../base/philox.js';
import { sizeOf } from '../base/shape.js';
import type { Shapes } from './text-encoder.js';

/**
 * Initial values of one parameter: ones for LayerNorm weights, zeros for biases, otherwise normally distributed. A pure
 * function of seed and name.
 */
export function initialiseParameter(
  shapes: Shapes,
  name: string,
  seed: number,
  kind: { readonly isNorm: boolean; readonly deviation: number },
): Float32Array {
  const size = sizeOf(shapes[name]!);
  if (name.endsWith('.bias')) return new Float32Array(size);
  if (kind.isNorm) return new Float32Array(size).fill(1);
  return randomNormal(size, kind.deviation, [hash32(name), seed]);
}
