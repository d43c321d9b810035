/** @file The training loop: when it saves, what a stop request or a failing engine leaves, and its plan. */
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/distill/engine.js';
import type { ValidationRecord } from '../../src/distill/records.js';
import { planSteps, train, type TrainCallbacks, type TrainOptions, type TrainResult } from '../../src/distill/train.js';
import { engineOf, pairs } from './fake-engine.js';

const OPTIONS: TrainOptions = { epochs: 2, learningRate: 1e-3, warmupRatio: 0, accumulate: 1 };

/** Trains on batches of one pair, two steps an epoch; returns the steps at which a checkpoint was to be written. */
async function savedSteps(options: Partial<TrainOptions>, engine: Engine = engineOf(), callbacks: TrainCallbacks = {}) {
  const saved: number[] = [];
  const data = { training: pairs(2), validation: pairs(2) };
  const run = train(
    engine,
    data,
    { ...OPTIONS, ...options },
    {
      ...callbacks,
      onCheckpoint: ({ step }) => saved.push(step) > 0,
    },
  );
  const result = await run.catch((error: unknown) => error);
  return { saved, result };
}

it('saves the end of an epoch once, after its validation, however often it saves', async () => {
  expect((await savedSteps({ saveEvery: 1 })).saved).toEqual([1, 2, 3, 4]);
  expect((await savedSteps({ saveEvery: 3 })).saved).toEqual([2, 3, 4]);
});

it('saves nothing after the engine has failed in a step, as it may be inconsistent', async () => {
  let steps = 0;
  const engine = engineOf();
  const failure = new Error('out of memory');
  const failing: Engine = {
    ...engine,
    step: (...args) => (++steps === 4 ? Promise.reject(failure) : engine.step(...args)),
  };
  expect(await savedSteps({}, failing)).toEqual({ saved: [2], result: failure });
});

it('saves the newest state if something else fails', async () => {
  const failure = new Error('no log');
  const callbacks: TrainCallbacks = {
    onStep({ step }) {
      if (step === 3) throw failure;
    },
  };
  expect(await savedSteps({}, engineOf(), callbacks)).toEqual({ saved: [2, 3], result: failure });
});

describe('a stop request during a validation', () => {
  /** A run that is stopped in a callback of its first validation after a step. */
  const stoppedIn = async (callback: 'onValidationBatch' | 'onValidation'): Promise<TrainResult> => {
    const stop = new AbortController();
    let hasStepped = false;
    const { result } = await savedSteps({ signal: stop.signal }, engineOf(), {
      onStep: () => {
        hasStepped = true;
      },
      [callback]: () => {
        if (hasStepped) stop.abort();
      },
    });
    return result as TrainResult;
  };

  it('leaves it to be done again', async () => {
    const { state, stopped } = await stoppedIn('onValidationBatch');
    expect([stopped, state.step, state.validated, state.best]).toEqual([true, 2, false, undefined]);
  });

  it('keeps its result if it is complete', async () => {
    const { state, stopped } = await stoppedIn('onValidation');
    expect([stopped, state.step, state.validated, state.best?.step]).toEqual([true, 2, true, 2]);
  });
});

it('validates every batch once on an engine that evaluates several at once', async () => {
  let evaluated = 0;
  const records: ValidationRecord[] = [];
  const engine: Engine = { ...engineOf({ evaluated: () => ++evaluated }), batchesAtOnce: 2 };
  const callbacks: TrainCallbacks = {
    onValidation: (record) => {
      records.push(record);
    },
  };
  await train(engine, { training: pairs(1), validation: pairs(5) }, { ...OPTIONS, epochs: 1 }, callbacks);
  expect(records).toMatchObject([
    { step: 0, lossEn: 3, pairs: 5 }, // the mean of 1 to 5
    { step: 1, lossEn: 8, pairs: 5 },
  ]);
});

it('plans incomplete groups of micro-batches, and epochs that end early', () => {
  const plan = (count: number, accumulate: number, maxSteps?: number) =>
    planSteps({ count }, { epochs: 3, accumulate, maxSteps });
  expect(plan(5, 2)).toEqual({ epochs: 3, stepsPerEpoch: 3, totalSteps: 9 });
  expect(plan(5, 2, 4)).toEqual({ epochs: 2, stepsPerEpoch: 3, totalSteps: 4 });
  expect(plan(5, 2, 3)).toEqual({ epochs: 1, stepsPerEpoch: 3, totalSteps: 3 });
  expect(plan(5, 2, 100)).toEqual({ epochs: 3, stepsPerEpoch: 3, totalSteps: 9 });
});
