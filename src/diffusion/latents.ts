/** @file Latents, which are float32 arrays, and arithmetic on them: sums in float64, rounded once. */

/** Pixels per latent, along each side. */
export const PIXELS_PER_LATENT = 8;

export const LATENT_CHANNELS = 4;

/** Arrays of equal length, concatenated. */
export function joined(arrays: readonly Float32Array[]): Float32Array {
  if (arrays.length === 1) return arrays[0]!;
  const all = new Float32Array(arrays.length * arrays[0]!.length);
  for (const [i, array] of arrays.entries()) all.set(array, i * array.length);
  return all;
}

/** An array split into parts of equal length. */
export function parts(values: Float32Array, length: number): Float32Array[] {
  return Array.from({ length: values.length / length }, (_, i) => values.subarray(i * length, (i + 1) * length));
}

/** A factor and the values that it multiplies. */
export type Term = readonly [factor: number, values: Float32Array];

/** Σ factor · values, elementwise. */
export function weightedSum(...terms: readonly Term[]): Float32Array {
  const sum = new Float32Array(terms[0]![1].length);
  for (let i = 0; i < sum.length; i++) {
    let value = 0;
    for (const [factor, values] of terms) value += factor * values[i]!;
    sum[i] = value;
  }
  return sum;
}

/** Values clamped to `-limit … limit`, then multiplied by `factor`. */
export function clamp(values: Float32Array, limit: number, factor = 1): Float32Array {
  return values.map((value) => Math.min(Math.max(value, -limit), limit) * factor);
}

/** A quantile, interpolated between neighbours, as in `torch.quantile`. */
export function quantile(values: Float32Array, share: number): number {
  const sorted = Float32Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (place - low);
}
