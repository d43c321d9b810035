import type { Evaluation } from './evaluation.js';

/** Adds up batches for the loss of always giving the teacher's mean. */
export interface MeanPredictor {
  add(evaluation: Evaluation, size: number): void;
  result(): { readonly mean: number; readonly pairs: number };
}

/**
 * The loss of always giving the teacher's mean: for each language the variance of the teacher's outputs over all
 * sentences added, which is the variance within the batches and that of their means.
 */
export function meanPredictor(): MeanPredictor {
  let [pairs, squares] = [0, 0];
  let sums = new Float64Array();
  return {
    add({ teacher, teacherMean }, size) {
      if (sums.length === 0) sums = new Float64Array(teacherMean.length);
      pairs += size;
      squares += size * teacher.variance * sums.length;
      for (const [i, value] of teacherMean.entries()) {
        sums[i]! += size * value;
        squares += size * value ** 2;
      }
    },
    result() {
      const ofMean = sums.reduce((sum, value) => sum + (value / pairs) ** 2, 0);
      return { mean: (2 * (squares / pairs - ofMean)) / sums.length, pairs };
    },
  };
}
