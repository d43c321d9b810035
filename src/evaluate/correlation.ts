/** @file Correlation of two series of numbers. */
import { meanOf, type Series } from './mean.js';

/**
 * Pearson's correlation coefficient; undefined if one of the series is constant.
 *
 * @param tie values of `y` that differ by at most this are considered equal
 */
export function pearson(x: Series, y: Series, tie = 0): number | undefined {
  if (isConstant(x) || isConstant(y, tie)) return undefined;
  const [meanX, meanY] = [meanOf(x), meanOf(y)];
  let [covariance, varianceX, varianceY] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - meanX, y[i]! - meanY];
    covariance += dx * dy;
    varianceX += dx * dx;
    varianceY += dy * dy;
  }
  return covariance / Math.sqrt(varianceX * varianceY);
}

/** Spearman's rank correlation coefficient: Pearson's of the ranks, with ties sharing their mean rank. */
export function spearman(x: Series, y: Series, tie = 0): number | undefined {
  return pearson(averageRanks(x), averageRanks(y, tie));
}

/**
 * The rank of each value, from 1 for the lowest; ties get the mean of their ranks. Values are tied if they exceed the
 * lowest of their group by at most `tie`.
 */
export function averageRanks(values: Series, tie = 0): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!]! - values[order[start]!]! <= tie) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/** Compares values rather than testing the variance, which rounding can make positive for equal values. */
function isConstant(values: Series, tie = 0): boolean {
  let [lowest, highest] = [values[0], values[0]];
  for (let i = 1; i < values.length; i++) {
    lowest = Math.min(lowest!, values[i]!);
    highest = Math.max(highest!, values[i]!);
  }
  return !(highest! - lowest! > tie);
}
