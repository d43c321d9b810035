/** @file The best checkpoint is the best of those that could be saved. */
import { expect, it } from 'vitest';
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
