import { expect, it } from 'vitest';
import { isCollapsed } from '../../src/distill/evaluation.js';

// Variances that were measured on the sample corpus: student, teacher.
it.each([
  ['an untrained student, hidden states', 0.0297, 0.331, false],
  ['an untrained student, pooled outputs', 0.00308, 0.5235, false],
  ['a trained student, hidden states', 0.156, 0.331, false],
  ['a trained student, pooled outputs', 0.164, 0.5235, false],
  ['a student under a learning rate of 0.03, hidden states', 1.2e-9, 0.331, true],
  ['a student under a learning rate of 0.03, pooled outputs', 4.54e-4, 0.5235, true],
])('%s, has collapsed or not', (_, student, teacher, collapsed) => {
  expect(isCollapsed({ variance: student, similarity: 1 }, { variance: teacher, similarity: 0.5 })).toBe(collapsed);
});
