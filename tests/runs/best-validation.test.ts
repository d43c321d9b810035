import { expect, it } from 'vitest';
import { bestValidation } from '../../src/runs/best-validation.js';

it.each([
  [[], undefined],
  [[[0, 0.5]], undefined],
  [[[0, NaN]], undefined],
  [
    [
      [0, 0.1],
      [5, 0.4],
      [10, 0.3],
      [15, 0.3],
    ],
    10,
  ],
  [
    [
      [5, null],
      [10, NaN],
      [15, 7],
    ],
    15,
  ],
] as const)('of %j, the best validation is that of step %s', (rows, step) => {
  expect(bestValidation(rows.map(([step, loss]) => ({ step, loss })))?.step).toBe(step);
});
