import { expect, it } from 'vitest';
import { averageRanks, pearson, spearman } from '../../src/evaluate/correlation.js';

it('equal values share the mean of their ranks', () => {
  expect([...averageRanks([10, 20, 20, 5, 20])]).toEqual([2, 4, 4, 1, 4]);
});

// scipy.stats: pearsonr and spearmanr of these series.
const SCORES = [0, 1.2, 2, 2, 3.4, 5, 4.4, 0, 2.8, 2];
const SIMILARITIES = [0.1, 0.22, 0.5, 0.45, 0.61, 0.93, 0.95, 0.12, 0.5, 0.3];

it('both coefficients equal those of scipy', () => {
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

it('a coefficient is undefined for a constant series', () => {
  expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeUndefined();
  expect(spearman([1, 2, 3], [7, 7, 7])).toBeUndefined();
});

it('values within a tolerance of the lowest among them are equal', () => {
  expect([...averageRanks([0.5, 0.5 + 1e-7, 0.5 - 1e-7, 0.9], 1e-6)]).toEqual([2, 2, 2, 4]);
  expect([...averageRanks([0, 0.6, 1.2], 1)]).toEqual([1.5, 1.5, 3]);
  expect(spearman([1, 2, 3, 4], [0.1 + 2e-7, 0.1, 0.1 + 1e-7, 0.5], 1e-6)).toBeCloseTo(Math.sqrt(0.6), 12);
  expect(spearman([1, 2, 3], [0.1, 0.1 + 1e-7, 0.1 - 1e-7], 1e-6)).toBeUndefined();
  expect(pearson([1, 2, 3], [0.1, 0.1 + 1e-7, 0.1 - 1e-7], 1e-6)).toBeUndefined();
});
