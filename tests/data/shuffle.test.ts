import { expect, it } from 'vitest';
import { randomBelow, randomSource, shuffledIndices } from '../../src/data/shuffle.js';

it('a number below a bound is uniform: draws past its last whole multiple are rejected', () => {
  const draws = [2 ** 32 - 1, 5]; // 2³² − 1 is a multiple of 3, after which one number is left
  expect(randomBelow(3, () => draws.shift()!)).toBe(2);
  expect(draws).toEqual([]);
  expect(randomBelow(3, () => 2 ** 32 - 2)).toBe(2);
  expect(randomBelow(2 ** 32, () => 2 ** 32 - 1)).toBe(2 ** 32 - 1);
});

it('every order is as likely as any other', () => {
  const random = randomSource(1);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = shuffledIndices(3, random).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000 * (5 / 6)));
});
