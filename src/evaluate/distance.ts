/**
 * @file How far a model's outputs are from the teacher's, pair by pair, so that any group of pairs can be looked at.
 */
import type { Encoded } from '../engine/encoder-engine.js';
import type { Distance } from './evaluation.js';
import { meanOf } from './mean.js';

/** The terms of `Distance`, one value a pair: `[N]` each. */
export type PairDistances = Readonly<Record<keyof Distance, Float64Array>>;

/** Room for the distances of `N` pairs. */
export function emptyDistances(pairs: number): PairDistances {
  const column = (): Float64Array => new Float64Array(pairs);
  return { mse: column(), mse_pooled: column(), cosine_token: column(), cosine_pooled: column() };
}

/**
 * Compares a batch of `B` outputs with the teacher's and writes the distances to `distances` from pair `at` on. The
 * hidden states are gone through once and not kept.
 */
export function addDistances(
  distances: PairDistances,
  at: number,
  batch: number,
  output: Encoded,
  target: Encoded,
): void {
  const width = output.poolerOutput.length / batch;
  const length = output.lastHiddenState.length / output.poolerOutput.length;
  for (let pair = 0; pair < batch; pair++) {
    const hidden = compareRows(output.lastHiddenState, target.lastHiddenState, pair * length, length, width);
    const pooled = compareRows(output.poolerOutput, target.poolerOutput, pair, 1, width);
    distances.mse[at + pair] = hidden.meanSquaredError;
    distances.cosine_token[at + pair] = hidden.cosine;
    distances.mse_pooled[at + pair] = pooled.meanSquaredError;
    distances.cosine_pooled[at + pair] = pooled.cosine;
  }
}

/** Means over pairs: over all, or over those named. */
export function meanDistance(distances: PairDistances, pairs?: Uint32Array): Distance {
  return {
    mse: meanOf(distances.mse, pairs),
    mse_pooled: meanOf(distances.mse_pooled, pairs),
    cosine_token: meanOf(distances.cosine_token, pairs),
    cosine_pooled: meanOf(distances.cosine_pooled, pairs),
  };
}

/**
 * Mean squared error and mean cosine of `count` rows from row `first` on; the cosine with a row of zeros counts as 0.
 */
function compareRows(
  a: Float32Array,
  b: Float32Array,
  first: number,
  count: number,
  width: number,
): { meanSquaredError: number; cosine: number } {
  let [error, cosines] = [0, 0];
  let at = first * width;
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
