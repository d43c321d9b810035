import { expect, it } from 'vitest';
import { logTicks, tickLabel } from '../../src/report/ticks.js';

it('a logarithmic axis has round ticks, over a narrow range too', () => {
  expect(logTicks(0.18, 2.1)).toEqual([0.2, 0.3, 0.5, 0.7, 1, 1.5, 2]);
  expect(logTicks(0.21, 1.7)).toEqual([0.3, 0.5, 0.7, 1, 1.5]); // up to the upper end
  expect(logTicks(0.018, 2.1)).toEqual([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]);
  expect(logTicks(0.46, 0.95)).toEqual([0.5, 0.6, 0.7, 0.8, 0.9]);
  expect(logTicks(1e-5, 10)).toEqual([1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10]);
  expect(logTicks(1e-5, 100)).toEqual([1e-5, 1e-3, 0.1, 10]);
  expect(logTicks(1e-12, 1e12).length).toBeLessThanOrEqual(7);
  expect(logTicks(1e-12, 1e12).length).toBeGreaterThan(3);
});

it('tick labels are short', () => {
  expect(
    [0, 0.05, 1.5, 300, 9_000, 12_000, 312_500, 2_500_000, 5e-5, 1.5000000000000002e24, 1.0000000000000001e-5].map(
      tickLabel,
    ),
  ).toEqual(['0', '0.05', '1.5', '300', '9,000', '12k', '313k', '2.5M', '5e−5', '1.5e24', '1e−5']);
});
