import { InputError } from '../errors.js';
import { randomSource, shuffledIndices } from './random.js';

export interface SplitOptions {
  /** Pairs to use in all, for training and validation together; all where not given. */
  readonly samples?: number | undefined;
  /** Share of the used pairs that is kept for validation, at least 0 and less than 1. */
  readonly validFraction: number;
  /** False keeps the order of the files: the first `samples` pairs are used, the last of these validate. */
  readonly shuffle: boolean;
  readonly seed: number;
}

/** Which pairs train and which validate, each in its order. */
export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  /** What the user should know, in a line, where more pairs were asked for than there are. */
  readonly notice?: string;
}

/**
 * Shuffles once and splits: training first, validation last. The same seed and number of pairs give the same split; a
 * smaller number of samples is contained in a larger one. With a fraction above 0, one pair at least validates, and
 * one at least trains. Throws an `InputError` for options out of range.
 */
export function splitPairs(count: number, { samples = count, validFraction, shuffle, seed }: SplitOptions): Split {
  if (!(validFraction >= 0 && validFraction < 1)) {
    throw new InputError(`--valid-fraction: expected a number from 0 to below 1, got ${validFraction}`);
  }
  if (!(Number.isInteger(samples) && samples >= 1)) {
    throw new InputError(`--samples: expected a whole number from 1, got ${samples}`);
  }
  const order = shuffle ? shuffledIndices(count, randomSource(seed)) : Uint32Array.from({ length: count }, (_, i) => i);
  const used = order.subarray(0, samples);
  const border = used.length - validationCount(used.length, validFraction);
  const split = { train: used.slice(0, border), validation: used.slice(border) };
  if (samples <= count) return split;
  return { ...split, notice: `${samples} samples were asked for and there are ${count} pairs: all of them are used` };
}

function validationCount(count: number, fraction: number): number {
  if (fraction === 0) return 0;
  return Math.min(Math.max(Math.round(count * fraction), 1), count - 1);
}
