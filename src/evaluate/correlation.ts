/** @file Correlation of two series of numbers. */
import { meanOf, type Series } from './mean.js';

/** Pearson's correlation coefficient; undefined where one of the series does not vary. */
export function pearson(x: Series, y: Series): number | undefined {
  if (isConstant(x) || isConstant(y)) return undefined;
  const [meanX, meanY] = [meanOf(x), meanOf(y)];
  let [covariance, varianceX, varianceY] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i] - meanX, y[i] - meanY];
    covariance += dx * dy;
    varianceX += dx * dx;
    varianceY += dy * dy;
  }
  return covariance / Math.sqrt(varianceX * varianceY);
}

/** Spearman's rank correlation coefficient: Pearson's of the ranks, equal values sharing the mean of theirs. */
export function spearman(x: Series, y: Series): number | undefined {
  return pearson(averageRanks(x), averageRanks(y));
}

/** The rank of each value, from 1 for the lowest; equal values have the mean of the ranks that they take up. */
export function averageRanks(values: Series): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let i = start; i < end; i++) ranks[order[i]] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/** Asked of the values themselves: rounding gives a series of equal values a variance, too. */
function isConstant(values: Series): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}
