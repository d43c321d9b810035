import { expect, it } from 'vitest';
import { paceOf, secondsFor } from '../../src/report/pace.js';

const row = (step: number, rate: number): { step: number; pairs_per_second: number } => ({
  step,
  pairs_per_second: rate,
});

it('the pace of a run is that of its logged steps, each since the one before', () => {
  // 1 step of 8 pairs at 2/s, 9 at 16/s, 10 at 32/s
  const rows = [row(1, 2), row(10, 16), row(20, 32)];
  expect(paceOf(rows, 8)).toEqual({ seconds: 4 + 4.5 + 2.5, pairs: 160 });
  expect(paceOf([row(1, NaN), row(2, 0), row(3, 4)], 8)).toEqual({ seconds: 2, pairs: 8 });
  expect(paceOf([], 8)).toEqual({ seconds: 0, pairs: 0 });
});

it('the time left ignores the first step, and is unknown until there are enough', () => {
  const rows = [row(1, 2), row(10, 16), row(20, 32)];
  expect(secondsFor(152, rows, 8)).toBe(7);
  expect(secondsFor(152, rows.slice(0, 2), 8)).toBeNull();
  expect(secondsFor(0, rows, 8)).toBe(0);
  expect(secondsFor(NaN, rows, 8)).toBeNull();
});
