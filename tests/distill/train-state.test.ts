import { describe, expect, it } from 'vitest';
import { afterValidation, bestOf, INITIAL_STATE, type TrainState } from '../../src/distill/train-state.js';

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

  it('is the newest without validation pairs', () => {
    expect(afterValidation(INITIAL_STATE, undefined)).toMatchObject({ isBest: true });
  });
});
