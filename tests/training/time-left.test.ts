import { expect, it } from 'vitest';
import { estimateTimeLeft } from '../../src/training/time-left.js';

const PLAN = { epochs: 3, stepsPerEpoch: 10, totalSteps: 30 };

it('ignores the first step, and is unknown before the second', () => {
  const left = estimateTimeLeft();
  left.step(60);
  expect(left.seconds(PLAN, 1, 1)).toBeNaN();
  left.step(2);
  left.step(4);
  expect(left.seconds(PLAN, 3, 1)).toBe(27 * 3);
});

it('includes the validations to come, each as long as the last', () => {
  const left = estimateTimeLeft();
  left.validation(100); // of the untrained student
  for (let step = 0; step < 10; step++) left.step(1);
  expect(left.seconds(PLAN, 10, 1)).toBe(20 + 3 * 100);
  left.validation(50);
  left.step(1);
  expect(left.seconds(PLAN, 11, 2)).toBe(19 + 2 * 50);
  expect(left.seconds(PLAN, 30, 3)).toBe(50);
});
