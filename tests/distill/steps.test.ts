/** @file Which batches the steps of a run are made of. */
import { expect, it } from 'vitest';
import type { Batches } from '../../src/data/batches.js';
import type { Baselines } from '../../src/distill/records.js';
import { train } from '../../src/distill/train.js';
import { engineOf, pairs } from './fake-engine.js';

const OPTIONS = { epochs: 2, learningRate: 1e-3, warmupRatio: 0, accumulate: 2 } as const;

it('every batch of every epoch once, in order; the last step of an epoch has those that are left', async () => {
  const asked: string[] = [];
  const training: Batches = {
    ...pairs(5),
    at(index, epoch = 0) {
      asked.push(`${epoch}:${index}`);
      return pairs(5).at(index, epoch);
    },
  };
  const counts: number[] = [];
  await train(engineOf(), { training, validation: pairs(1) }, OPTIONS, {
    onStep: (record) => void counts.push(record.pairs),
  });
  expect(asked).toEqual([0, 1].flatMap((epoch) => [0, 1, 2, 3, 4].map((index) => `${epoch}:${index}`)));
  expect(counts).toEqual([2, 2, 1, 2, 2, 1]);
});

it("an epoch's mean loss is that of its own steps", async () => {
  const { state } = await train(engineOf(), { training: pairs(5), validation: pairs(1) }, OPTIONS);
  expect(state).toMatchObject({ epoch: 2, step: 6, epochLoss: { sum: 2 * 5, pairs: 5 } });
});

it('without validation pairs, the untrained student is measured on the first training batch, in both languages', async () => {
  const told: Baselines[] = [];
  const result = await train(engineOf({ evaluated: () => 3 }), { training: pairs(2), validation: pairs(0) }, OPTIONS, {
    onBaselines: (baselines) => void told.push(baselines),
  });
  expect(told).toEqual([{ untrained: 6, mean: 2, pairs: 1 }]);
  expect(result.state.first).toBeUndefined();
});
