/** @file Vectors that represent whole texts, as rows of one long array: `[N, D]`. */

/** Cosine similarities of float32 vectors that differ by at most this, about 30 roundings, are considered equal. */
export const COSINE_TIE = 2 ** -19;

/** The mean of each text's hidden states over its `L` positions. `[B, L, D] → [B, D]` */
export function meanPool(hidden: Float32Array, batch: number, width: number): Float32Array {
  const length = hidden.length / (batch * width);
  const means = new Float32Array(batch * width);
  const sums = new Float64Array(width);
  for (let text = 0; text < batch; text++) {
    sums.fill(0);
    for (let at = text * length * width; at < (text + 1) * length * width;) {
      for (let i = 0; i < width; i++) sums[i]! += hidden[at++]!;
    }
    for (let i = 0; i < width; i++) means[text * width + i] = sums[i]! / length;
  }
  return means;
}

/** Writes row i to `target` as row `places[i]`, scaled to length 1; a row of zeros is unchanged. */
export function setUnitRows(target: Float32Array, places: Uint32Array, rows: Float32Array, width: number): void {
  for (const [row, place] of places.entries()) {
    const start = row * width;
    let squares = 0;
    for (let i = start; i < start + width; i++) squares += rows[i]! * rows[i]!;
    const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
    for (let i = 0; i < width; i++) target[place * width + i] = rows[start + i]! * scale;
  }
}

/**
 * The dot products of rows with the same index: cosine similarities, if the rows have length 1. `[N, D], [N, D] → [N]`
 */
export function rowProducts(a: Float32Array, b: Float32Array, width: number): Float64Array {
  const products = new Float64Array(a.length / width);
  for (let row = 0, at = 0; row < products.length; row++) {
    let sum = 0;
    for (let i = 0; i < width; i++, at++) sum += a[at]! * b[at]!;
    products[row] = sum;
  }
  return products;
}
