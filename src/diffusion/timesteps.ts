/**
 * @file Which of the training's time steps are visited (arXiv 2305.08891, table 2), with NumPy's rounding, which can
 * decide between neighbours.
 */
import { InputError } from '../base/errors.js';
import type { CommonConfig } from './scheduler-config.js';

/** Rounds to the nearest integer, halves to even. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** `count` equal steps from `start` to `stop`, as in `numpy.linspace`. */
export function linspace(start: number, stop: number, count: number): number[] {
  const step = (stop - start) / (count - 1);
  return Array.from({ length: count }, (_, i) =>
    i === count - 1 && i > 0 ? stop : i === 0 ? start : i * step + start,
  );
}

/**
 * Equal steps from the last time step of training down to above 0, as in `numpy.arange`. There is sometimes one more
 * than `steps`, the last being −1. diffusers visits it too, as an index from the end like Python's (DDIM, PNDM), or as
 * 0 (UniPC).
 */
function trailing(trainTimesteps: number, steps: number): number[] {
  const ratio = trainTimesteps / steps;
  const difference = trainTimesteps - ratio - trainTimesteps; // NumPy reuses the first step, with its rounding
  return Array.from(
    { length: Math.ceil(trainTimesteps / ratio) },
    (_, i) => roundHalfEven(trainTimesteps + i * difference) - 1,
  );
}

/**
 * The time steps of a picture, noisiest first.
 *
 * @param ends how many points there are beyond the steps: UniPC counts its end, which is not visited
 * @throws InputError for more steps than in training
 */
export function spacedTimesteps(
  { timestepSpacing, stepsOffset, numTrainTimesteps }: CommonConfig,
  steps: number,
  ends: 0 | 1,
): number[] {
  const points = steps + ends;
  if (timestepSpacing === 'trailing') return checked(trailing(numTrainTimesteps, steps), steps, numTrainTimesteps);
  if (timestepSpacing === 'linspace') {
    const spaced = linspace(0, numTrainTimesteps - 1, points)
      .map(roundHalfEven)
      .reverse();
    return checked(spaced.slice(0, steps), steps, numTrainTimesteps);
  }
  const ratio = Math.floor(numTrainTimesteps / points);
  if (ratio === 0) throw tooMany(steps, numTrainTimesteps - ends);
  const leading = Array.from({ length: points }, (_, i) => i * ratio + stepsOffset).reverse();
  return checked(leading.slice(0, steps), steps, numTrainTimesteps);
}

function checked(timesteps: number[], steps: number, numTrainTimesteps: number): number[] {
  if (steps > numTrainTimesteps) throw tooMany(steps, numTrainTimesteps);
  if (timesteps[0]! < numTrainTimesteps) return timesteps;
  throw new InputError(
    `--steps: expected time steps below the model's ${numTrainTimesteps}, got ${timesteps[0]} from ${steps} ` +
      'steps; give fewer',
  );
}

function tooMany(steps: number, most: number): InputError {
  return new InputError(
    `--steps: expected at most ${most}, as many as the model was trained on, got ${steps}; give fewer`,
  );
}
