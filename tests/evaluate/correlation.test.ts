import { expect, it } from 'vitest';
import { averageRanks, pearson, spearman } from '../../src/evaluate/correlation.js';

it('equal values share the mean of their ranks', () => {
  expect([...averageRanks([10, 20, 20, 5, 20])]).toEqual([2, 4, 4, 1, 4]);
});

// scipy.stats: pearsonr and spearmanr of these series.
const SCORES = [0, 1.2, 2, 2, 3.4, 5, 4.4, 0, 2.8, 2];
const SIMILARITIES = [0.1, 0.22, 0.5, 0.45, 0.61, 0.93, 0.95, 0.12, 0.5, 0.3];

it('both coefficients are those of scipy', () => {
  expect(pearson(SCORES, SIMILARITIES)).toBeCloseTo(0.9703224647344519, 12);
  expect(spearman(SCORES, SIMILARITIES)).toBeCloseTo(0.9630363567333498, 12);
  expect(
    pearson(
      SCORES,
      SCORES.map((score) => 3 - 2 * score),
    ),
  ).toBeCloseTo(-1, 12);
  expect(
    spearman(
      SCORES,
      SCORES.map((score) => score ** 3),
    ),
  ).toBeCloseTo(1, 12);
});

it('there is none with a series that does not vary', () => {
  expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeUndefined();
  expect(spearman([1, 2, 3], [7, 7, 7])).toBeUndefined();
});
