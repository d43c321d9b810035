import { beforeEach, expect, it } from 'vitest';
import { rateOf, startMeter, type Meter } from '../../src/training/meter.js';

let seconds: number;
let meter: Meter;
beforeEach(() => {
  seconds = 0;
  meter = startMeter(() => seconds);
});

function stepAfter(duration: number, pairs: number): void {
  seconds += duration;
  meter.step(pairs);
}

it('counts training only', () => {
  stepAfter(2, 32);
  seconds += 100; // a validation
  meter.resume();
  stepAfter(1, 32);
  expect(meter.seconds()).toBe(3);
});

it('returns the pace since the last lap of the same name', () => {
  stepAfter(1, 10);
  expect(meter.lap('logged')).toEqual({ pairs: 10, seconds: 1 });
  stepAfter(2, 20);
  expect(meter.lap('logged')).toEqual({ pairs: 20, seconds: 2 });
  expect(meter.lap('logged')).toEqual({ pairs: 0, seconds: 0 });
  expect(meter.lap('epoch')).toEqual({ pairs: 30, seconds: 3 });
});

it('weights the last steps most for the recent rate', () => {
  expect(meter.recent()).toBe(0);
  stepAfter(1, 10);
  expect(meter.recent()).toBe(10);
  stepAfter(1, 20);
  expect(meter.recent()).toBeCloseTo(11);
  for (let step = 0; step < 100; step++) stepAfter(1, 20);
  expect(meter.recent()).toBeCloseTo(20, 2);
});

it('gives rates in pairs a second, 0 before anything was measured', () => {
  expect(rateOf({ pairs: 30, seconds: 2 })).toBe(15);
  expect(rateOf({ pairs: 0, seconds: 0 })).toBe(0);
});
