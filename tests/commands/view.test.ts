import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openTrainingView } from '../../src/training/view.js';
import type { StepRecord } from '../../src/distill/records.js';
import { keepingReporter } from '../reporter.js';

const record = (step: number): StepRecord => ({
  step,
  epoch: 1,
  learningRate: 1e-3,
  loss: 2,
  lossEn: 1,
  lossKo: 1,
  gradNorm: 1,
  pairs: 8,
});

/** What is said over two steps of so many seconds, after the run came to step `from`. */
function messagesOver(seconds: readonly [number, number], from = 0): string[] {
  const reporter = keepingReporter();
  const view = openTrainingView(reporter, from);
  view.plan({ epochs: 1, stepsPerEpoch: 9, totalSteps: 9 });
  for (const [i, passed] of seconds.entries()) {
    vi.advanceTimersByTime(1000 * passed);
    view.step(record(from + 1 + i));
  }
  return reporter.messages;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ANNOUNCED = 'first step: preparing the graph and memory that the later ones use';

it('reports a slow first step while it runs, and once how long it took', () => {
  expect(messagesOver([24.3, 30])).toEqual([ANNOUNCED, 'first step: 24 s; it prepares what the later ones use']);
  expect(messagesOver([6, 6], 3)).toEqual([ANNOUNCED, 'first step: 6 s; it prepares what the later ones use']);
});

it('announces it once, even if the untrained student is measured before it', () => {
  const reporter = keepingReporter();
  const view = openTrainingView(reporter);
  view.plan({ epochs: 1, stepsPerEpoch: 9, totalSteps: 9 });
  vi.advanceTimersByTime(3000);
  view.validating(8, 8);
  view.validation({ step: 0, epoch: 0, loss: 2, lossEn: 1, lossKo: 1, pairs: 8 }, undefined);
  vi.advanceTimersByTime(3000);
  view.step(record(1));
  expect(reporter.messages.filter((text) => text === ANNOUNCED)).toHaveLength(1);
});

it('does not report a fast one', () => {
  expect(messagesOver([1.9, 30])).toEqual([]);
  expect(messagesOver([4, 30])).toEqual([ANNOUNCED]);
});

it("estimates the untrained student's time from its second batch", () => {
  const reporter = keepingReporter();
  const validate = (from: number, secondsABatch: number): string[] => {
    reporter.messages.length = 0;
    const view = openTrainingView(reporter, from);
    view.plan({ epochs: 1, stepsPerEpoch: 9, totalSteps: 9 });
    vi.advanceTimersByTime(1500); // the first one prepares the graph
    for (let batch = 0; batch < 4; batch++) {
      view.validating(32, 128);
      vi.advanceTimersByTime(1000 * secondsABatch);
    }
    view.stop();
    return [...reporter.messages];
  };
  expect(validate(0, 40)).toEqual(['before the first step: the untrained student on 128 pairs, about 0:01:20']);
  expect(validate(0, 2)).toEqual([]); // not worth saying
  expect(validate(3, 40)).toEqual([]); // a resumed run
});

it.each([
  [0, 'epoch 1/1  loss 2.0000  validation 1.5000 (en 0.7000 + ko 0.8000)'],
  [1, 'epoch 1/1  loss 2.0000  validation 1.5000 (en 0.7000 + ko 0.8000)  4.00 pairs/s'],
])('shows no rate for an epoch that a resumed run only has to validate: after %i steps', (steps, line) => {
  const reporter = keepingReporter();
  const view = openTrainingView(reporter, 9 - steps);
  view.plan({ epochs: 1, stepsPerEpoch: 9, totalSteps: 9 });
  vi.advanceTimersByTime(2000);
  if (steps > 0) view.step(record(9));
  reporter.messages.length = 0;
  view.validation({ step: 9, epoch: 1, loss: 1.5, lossEn: 0.7, lossKo: 0.8, pairs: 8 }, 2);
  expect(reporter.messages).toEqual([line]);
});
