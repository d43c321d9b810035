import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Output } from '../../src/app/output.js';
import { openTrainingView } from '../../src/training/view.js';
import type { StepRecord } from '../../src/distill/records.js';

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
  const messages: string[] = [];
  const bar = { update: () => undefined, stop: () => undefined };
  const output = {
    message: (text: string) => {
      messages.push(text);
    },
    progress: () => bar,
  } as unknown as Output;
  const view = openTrainingView(output, from);
  view.plan({ epochs: 1, stepsPerEpoch: 9, totalSteps: 9 });
  for (const [i, passed] of seconds.entries()) {
    vi.advanceTimersByTime(1000 * passed);
    view.step(record(from + 1 + i));
  }
  return messages;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ANNOUNCED = 'first step: preparing the graph and memory that the later ones use';

it('says what a slow first step does, while it does it, and then how long it took, once', () => {
  expect(messagesOver([24.3, 30])).toEqual([ANNOUNCED, 'first step: 24 s; it prepares what the later ones use']);
  expect(messagesOver([6, 6], 3)).toEqual([ANNOUNCED, 'first step: 6 s; it prepares what the later ones use']);
});

it('says nothing of a quick one', () => {
  expect(messagesOver([1.9, 30])).toEqual([]);
  expect(messagesOver([4, 30])).toEqual([ANNOUNCED]);
});
