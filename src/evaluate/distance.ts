/**
 * @file How far a model's outputs are from the teacher's, for each pair, so that any group of pairs can be averaged.
 */
import type { Encoded } from '../engine/encoder-engine.js';
import type { Distance } from './evaluation.js';
import { meanOf } from './mean.js';

/** The terms of `Distance`, one value per pair: `[N]` each. */
export type PairDistances = Readonly<Record<keyof Distance, Float64Array>>;

/** Arrays for the distances of `N` pairs. */
export function emptyDistances(pairs: number): PairDistances {
  const column = (): Float64Array => new Float64Array(pairs);
  return { mse: column(), mse_pooled: column(), cosine_token: column(), cosine_pooled: column() };
}

/**
 * Compares outputs with the teacher's in one pass, and writes the distances to `distances`, from index `start` on.
 * `places` gives the row of each output's pair in `target`.
 *
 * @param output the outputs of some pairs, and their places
 * @param target the teacher's outputs of all pairs
 */
export function addDistances(
  distances: PairDistances,
  start: number,
  { places, ...output }: Encoded & { readonly places: Uint32Array },
  target: Encoded,
): void {
  const width = output.poolerOutput.length / places.length;
  const length = output.lastHiddenState.length / output.poolerOutput.length;
  const rows = (values: Float32Array, row: number, count: number): Float32Array =>
    values.subarray(row * count * width, (row + 1) * count * width);
  for (const [row, place] of places.entries()) {
    const hidden = compareRows(
      rows(output.lastHiddenState, row, length),
      rows(target.lastHiddenState, place, length),
      width,
    );
    const pooled = compareRows(rows(output.poolerOutput, row, 1), rows(target.poolerOutput, place, 1), width);
    distances.mse[start + place] = hidden.meanSquaredError;
    distances.cosine_token[start + place] = hidden.cosine;
    distances.mse_pooled[start + place] = pooled.meanSquaredError;
    distances.cosine_pooled[start + place] = pooled.cosine;
  }
}

/** Means over all pairs, or over the given ones. */
export function meanDistance(distances: PairDistances, pairs?: Uint32Array): Distance {
  return {
    mse: meanOf(distances.mse, pairs),
    mse_pooled: meanOf(distances.mse_pooled, pairs),
    cosine_token: meanOf(distances.cosine_token, pairs),
    cosine_pooled: meanOf(distances.cosine_pooled, pairs),
  };
}

/** The mean squared error and mean cosine of rows; the cosine with a row of zeros counts as 0. */
function compareRows(a: Float32Array, b: Float32Array, width: number): { meanSquaredError: number; cosine: number } {
  let [error, cosines] = [0, 0];
  const count = a.length / width;
  let at = 0;
  for (let row = 0; row < count; row++) {
    let [product, squaresA, squaresB] = [0, 0, 0];
    for (let i = 0; i < width; i++, at++) {
      const [x, y] = [a[at], b[at]];
      product += x! * y!;
      squaresA += x! * x!;
      squaresB += y! * y!;
      error += (x! - y!) * (x! - y!);
    }
    if (squaresA > 0 && squaresB > 0) cosines += product / Math.sqrt(squaresA * squaresB);
  }
  return { meanSquaredError: error / (count * width), cosine: cosines / count };
}
