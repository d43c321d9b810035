import { expect, it } from 'vitest';
import { median } from '../../src/base/median.js';

it('is the middle value, or the mean of the two middle values', () => {
  expect(median([3, 1, 10])).toBe(3);
  expect(median([4, 1, 10, 3])).toBe(3.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});
