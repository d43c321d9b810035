/** @file The best checkpoint is the best of those that could be saved. */
import { describe, expect, it } from 'vitest';
import { bestOf } from '../../src/distill/train-state.js';
import { train } from '../../src/distill/train.js';
import { engineOf, pairs } from './fake-engine.js';

const OPTIONS = { epochs: 5, learningRate: 1e-3, warmupRatio: 0, accumulate: 1 } as const;

/** The steps that were to be saved as the best, and the best step in the end, of a run of one step an epoch. */
async function bestSteps(losses: readonly number[], isSaved: (step: number) => boolean) {
  const left = [9, ...losses]; // the untrained student's first
  const saved: number[] = [];
  const { state } = await train(
    engineOf({ evaluated: () => left.shift()! }),
    { training: pairs(1), validation: pairs(1) },
    OPTIONS,
    {
      onCheckpoint({ step }, isBest) {
        if (isBest) saved.push(step);
        return isSaved(step);
      },
    },
  );
  return { saved, best: bestOf(state)?.step };
}

it('is the one before if the disk was full at the best validation, until a better one than that is saved', async () => {
  expect(await bestSteps([5, 1, 6, 3, 4], () => true)).toEqual({ saved: [1, 2], best: 2 });
  expect(await bestSteps([5, 1, 6, 3, 4], (step) => step !== 2)).toEqual({ saved: [1, 2, 4], best: 4 });
  expect(await bestSteps([5, 1, 6, 3, 4], (step) => step > 2)).toEqual({ saved: [1, 2, 3, 4], best: 4 });
});

describe('the last state', () => {
  /** The steps that were to be saved, those of them as the last, and how the run ended. */
  async function saves(isSaved: (step: number) => boolean, { nanAt = Infinity, stopAt = Infinity } = {}) {
    const stop = new AbortController();
    const [all, last]: number[][] = [[], []];
    let [evaluated, taken] = [0, 0];
    const ended = await train(
      engineOf({ evaluated: () => ++evaluated, isFinite: () => ++taken !== nanAt }),
      { training: pairs(1), validation: pairs(1) },
      { ...OPTIONS, epochs: 3, signal: stop.signal },
      {
        onStep({ step }) {
          if (step === stopAt) stop.abort();
        },
        onCheckpoint({ step }, _, ending) {
          all.push(step);
          if (ending !== undefined) last.push(step);
          return isSaved(step);
        },
      },
    ).then(
      ({ stopped }) => (stopped ? 'stopped' : 'done'),
      () => 'failed',
    );
    return { all, last, ended };
  }

  it('is said to be the last, however the run ends', async () => {
    expect(await saves(() => true)).toEqual({ all: [1, 2, 3], last: [3], ended: 'done' });
    expect(await saves(() => true, { stopAt: 2 })).toEqual({ all: [1, 2], last: [2], ended: 'stopped' });
  });

  it('is saved before an error ends the run, also if that has failed before', async () => {
    expect(await saves(() => true, { nanAt: 3 })).toEqual({ all: [1, 2], last: [], ended: 'failed' });
    expect(await saves(() => false, { nanAt: 3 })).toEqual({ all: [1, 2, 2], last: [2], ended: 'failed' });
  });
});
