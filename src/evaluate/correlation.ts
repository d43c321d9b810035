/** @file Correlation of two series of numbers. */
import { meanOf, type Series } from './mean.js';

/**
 * Pearson's correlation coefficient; undefined where one of the series does not vary.
 *
 * @param tie values of `y` that differ by no more than this count as the same
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

/** Spearman's rank correlation coefficient: Pearson's of the ranks, equal values sharing the mean of theirs. */
export function spearman(x: Series, y: Series, tie = 0): number | undefined {
  return pearson(averageRanks(x), averageRanks(y, tie));
}

/**
 * The rank of each value, from 1 for the lowest; equal values have the mean of the ranks that they take up. Equal is
 * what lies no more than `tie` above the lowest of those that share a rank.
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

/** Asked of the values themselves: rounding gives a series of equal values a variance, too. */
function isConstant(values: Series, tie = 0): boolean {
  let [lowest, highest] = [values[0], values[0]];
  for (let i = 1; i < values.length; i++) {
    lowest = Math.min(lowest!, values[i]!);
    highest = Math.max(highest!, values[i]!);
  }
  return !(highest! - lowest! > tie);
}
