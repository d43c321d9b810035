import { expect, it } from 'vitest';
import { isSteep } from '../../src/report/validations.js';

it('losses are steep if one falls below two fifths of the first', () => {
  expect(isSteep([1, 0.41])).toBe(false);
  expect(isSteep([1, 0.39])).toBe(true);
  expect(isSteep([1, 0.39, 0.9])).toBe(true);
  expect(isSteep([0.5, 0.3], 1)).toBe(true);
  expect(isSteep([0.3], 1)).toBe(false);
});
