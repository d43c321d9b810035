/** @file Steps that are not finite and are skipped: when too many in a row end a run, resumed or not. */
import { expect, it } from 'vitest';
import { NotFiniteStepError } from '../../src/distill/not-finite-step-error.js';
import { INITIAL_STATE, type TrainState } from '../../src/distill/train-state.js';
import { train } from '../../src/distill/train.js';
import { parseTrainer, trainerText } from '../../src/runs/trainer-state.js';
import { engineOf, pairs } from './fake-engine.js';

const OPTIONS = { epochs: 1, learningRate: 1e-3, warmupRatio: 0, accumulate: 1, onNan: 'skip' } as const;

/** Trains until it has taken `stopAt` steps, if given. */
async function trainFrom(state: TrainState, isFinite: (row: number) => boolean, count: number, stopAt?: number) {
  const stop = new AbortController();
  const taken = ({ step }: { readonly step: number }): void => {
    if (step === stopAt) stop.abort();
  };
  const data = { training: pairs(count), validation: pairs(0) };
  const callbacks = { onStep: taken, onSkipped: taken };
  return train(engineOf({ isFinite }), data, { ...OPTIONS, signal: stop.signal }, callbacks, state);
}

/** A state as it is read from a checkpoint. */
function saved(state: TrainState): TrainState {
  const updates = state.step - state.skipped;
  return parseTrainer(trainerText({ state, updates, seed: 1, fingerprints: {}, options: {} }), '').state;
}

it('a hundred in a row are skipped, and the next ends the run, also if it was resumed in between', async () => {
  const isFinite = (row: number): boolean => row < 3;
  const whole = trainFrom(INITIAL_STATE, isFinite, 300);
  await expect(whole).rejects.toThrow(NotFiniteStepError);
  const words = /^step 104: expected finite losses .*, after 100 such steps in a row, which were skipped$/;
  await expect(whole).rejects.toThrow(words);
  const { state } = await trainFrom(INITIAL_STATE, isFinite, 300, 64);
  expect(state).toMatchObject({ step: 64, skipped: 61, skippedInARow: 61 });
  expect(saved(state)).toEqual({ ...state, best: undefined });
  await expect(trainFrom(saved(state), isFinite, 300)).rejects.toThrow(words);
});

it('a finite step begins the count anew, also if the run was resumed in between', async () => {
  const isFinite = (row: number): boolean => row % 101 === 100;
  const { state } = await trainFrom(INITIAL_STATE, isFinite, 303, 60);
  const whole = await trainFrom(INITIAL_STATE, isFinite, 303);
  expect(whole.state).toMatchObject({ step: 303, skipped: 300, skippedInARow: 0 });
  expect((await trainFrom(saved(state), isFinite, 303)).state).toEqual(whole.state);
});

it('a checkpoint of an earlier version, which does not have the count, is read', () => {
  const text = trainerText({
    state: { ...INITIAL_STATE, step: 5, position: 5, skipped: 2, skippedInARow: 2 },
    updates: 3,
    seed: 1,
    fingerprints: {},
    options: {},
  });
  const earlier = { ...(JSON.parse(text) as object), skipped_in_a_row: undefined };
  expect(parseTrainer(JSON.stringify(earlier), '').state).toMatchObject({ skipped: 2, skippedInARow: 0 });
});
