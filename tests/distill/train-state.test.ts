import { describe, expect, it } from 'vitest';
import { rangesOf } from '../../src/distill/steps.js';
import { afterStep, afterValidation, bestOf, INITIAL_STATE, type TrainState } from '../../src/distill/train-state.js';

const validation = (step: number, loss: number) => ({ step, epoch: 1, loss, lossEn: loss / 2, lossKo: loss / 2 });

describe('the best validation', () => {
  it('is the lowest finite loss, wherever others occur', () => {
    for (const losses of [
      [NaN, 3, 2],
      [Infinity, 3, 2],
      [3, NaN, 2],
      [3, -Infinity, 2],
      [3, 2, NaN],
    ]) {
      let state: TrainState = INITIAL_STATE;
      const best = losses.map((loss, step) => {
        const after = afterValidation(state, validation(step, loss));
        ({ state } = after);
        return after.isBest;
      });
      expect(bestOf(state)?.loss, losses.join()).toBe(2);
      expect(best, losses.join()).toEqual(
        losses.map(
          (loss, i) =>
            Number.isFinite(loss) && losses.slice(0, i).every((before) => !(Number.isFinite(before) && before <= loss)),
        ),
      );
    }
  });

  it('is none if no loss is finite, and is replaced if a saved one is not', () => {
    const { state, isBest } = afterValidation(INITIAL_STATE, validation(1, NaN));
    expect([state.best, isBest]).toEqual([undefined, false]);
    const stored: TrainState = { ...INITIAL_STATE, best: validation(1, NaN) };
    expect(bestOf(stored)).toBeUndefined();
    expect(afterValidation(stored, validation(2, Infinity)).state.best).toBeUndefined();
    expect(afterValidation(stored, validation(2, 9))).toMatchObject({ isBest: true, state: { best: { loss: 9 } } });
  });

  it('is the earlier of two with the same loss', () => {
    const { state } = afterValidation(INITIAL_STATE, validation(1, 2));
    expect(afterValidation(state, validation(2, 2))).toMatchObject({ isBest: false, state: { best: { step: 1 } } });
  });

  it('is the newest without validation pairs', () => {
    expect(afterValidation(INITIAL_STATE, undefined)).toMatchObject({ isBest: true });
  });
});

it('a skipped step counts as a step of its epoch, but not in its loss', () => {
  const record = { step: 1, epoch: 1, learningRate: 1, loss: 3, lossEn: 1, lossKo: 2, gradNorm: 1, pairs: 4 };
  const taken = afterStep(INITIAL_STATE, record, true);
  expect(taken).toMatchObject({ step: 1, position: 1, skipped: 0, epochLoss: { sum: 12, pairs: 4 } });
  const skipped = afterStep(taken, { ...record, step: 2, loss: NaN }, false);
  expect(skipped).toMatchObject({ step: 2, position: 2, skipped: 1, epochLoss: { sum: 12, pairs: 4 } });
});

it('rows are told as ranges', () => {
  expect(rangesOf([0, 1, 2, 5, 7, 8])).toBe('0–2, 5, 7–8');
});
