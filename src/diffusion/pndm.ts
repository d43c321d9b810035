/**
 * @file Pseudo numerical methods for diffusion models (arXiv 2202.09778): linear multistep (PLMS) with transfers by
 * formula 11. It starts with Runge-Kutta steps (PRK) or, with `skip_prk_steps`, with multistep formulas of lower order
 * and one Heun step, as in the original Stable Diffusion (CompVis/latent-diffusion, pull request 51).
 */
import { InputError } from '../base/errors.js';
import { weightedSum, type Term } from './latents.js';
import { alphasCumprod } from './noise-schedule.js';
import { noiseLevel } from './prediction.js';
import type { PndmConfig } from './scheduler-config.js';
import type { Scheduler } from './scheduler.js';
import { spacedTimesteps } from './timesteps.js';

/** Adams-Bashforth coefficients by the number of known outputs, newest first (arXiv 2202.09778, formula 12). */
const MULTISTEP: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/** The weights of the four outputs of a Runge-Kutta step (formula 13). */
const RUNGE_KUTTA = [1 / 6, 1 / 3, 1 / 3, 1 / 6];

/** Steps that the multistep formula uses, and outputs per Runge-Kutta step. */
const ORDER = 4;

/**
 * A PNDM scheduler for one picture.
 *
 * @throws InputError for more steps than in training, or fewer than Runge-Kutta steps need
 */
export function pndm(config: PndmConfig, steps: number): Scheduler {
  const stride = Math.floor(config.numTrainTimesteps / steps);
  const spaced = spacedTimesteps(config, steps, 0);
  const transfer = transferOf(config);
  if (config.skipPrkSteps) return multistepOnly(spaced, stride, transfer);
  if (spaced.length < ORDER)
    throw new InputError(
      `--steps: expected at least ${ORDER} for a scheduler with Runge-Kutta steps, got ${steps}; give more`,
    );
  return rungeKuttaFirst(spaced, stride, transfer);
}

/** Moves a sample from one time step to an earlier one, given the model's output. */
type Transfer = (sample: Float32Array, output: Float32Array, from: number, to: number) => Float32Array;

/**
 * Formula 11: x at `to` from x and the noise in it at `from`.
 *
 * In float64, unlike diffusers: in float32, `now · (1 − now) · next` is 0 where ᾱ is under 1e-22, as in a schedule of
 * 4,000 steps up to a β of 0.05. A step from pure noise divides by nearly 0, so that a rounded ε would be off by a
 * hundredth: with `v_prediction`, ε is expressed by v and x, whose terms cancel in float64.
 */
function transferOf(config: PndmConfig): Transfer {
  const alphas = alphasCumprod(config);
  const finalAlpha = config.setAlphaToOne ? 1 : alphas[0];
  return (sample, output, from, to) => {
    const [now, next] = [alphas.at(from)!, to >= 0 ? alphas[to] : finalAlpha];
    const divisor = now * Math.sqrt(1 - next!) + Math.sqrt(now * (1 - now) * next!);
    const [ofSample, ofNoise] = [Math.sqrt(next! / now), -(next! - now) / divisor];
    if (config.predictionType === 'epsilon') return weightedSum([ofSample, sample], [ofNoise, output]);
    const { alpha, sigma } = noiseLevel(now); // ε = α·v + σ·x
    return weightedSum([ofSample + ofNoise * sigma, sample], [ofNoise * alpha, output]);
  };
}

/** Combines outputs, the newest last, by the multistep formula for their number. */
function multistep(outputs: readonly Float32Array[]): Float32Array {
  const coefficients = MULTISTEP[outputs.length - 1]!;
  return weightedSum(...coefficients.map((factor, back): Term => [factor, outputs[outputs.length - 1 - back]!]));
}

/**
 * PLMS from the first step on. The first transfer is done twice: with the first output alone, and again from the same
 * sample with the mean of that output and the next (Heun's method).
 */
function multistepOnly(spaced: readonly number[], stride: number, transfer: Transfer): Scheduler {
  const timesteps = spaced.length > 1 ? [spaced[0]!, spaced[1]!, ...spaced.slice(1)] : spaced;
  let outputs: Float32Array[] = [];
  let first: Float32Array | undefined;
  let calls = 0;
  return {
    timesteps,
    step(modelOutput, sample) {
      const timestep = timesteps[calls++]!;
      if (calls === 2) {
        const mean = weightedSum([1 / 2, modelOutput], [1 / 2, outputs[0]!]);
        return transfer(first!, mean, timestep + stride, timestep);
      }
      first = sample;
      outputs = [...outputs.slice(1 - ORDER), modelOutput];
      return transfer(sample, multistep(outputs), timestep, timestep - stride);
    },
  };
}

/** Three Runge-Kutta steps of four outputs each, then PLMS. */
function rungeKuttaFirst(spaced: readonly number[], stride: number, transfer: Transfer): Scheduler {
  const half = Math.floor(stride / 2);
  const starts = spaced.slice(0, ORDER - 1);
  const rungeKutta = starts.flatMap((start, i) => [
    start,
    spaced[i + 1]! + half,
    spaced[i + 1]! + half,
    spaced[i + 1]!,
  ]);
  const timesteps = [...rungeKutta, ...spaced.slice(ORDER - 1)];
  let outputs: Float32Array[] = []; // of complete steps
  let stages: Float32Array[] = []; // of this Runge-Kutta step
  let start: Float32Array = new Float32Array();
  let calls = 0;

  /** A quarter of a Runge-Kutta step: from its start, with the latest output or, at the end, all four. */
  function stage(modelOutput: Float32Array, sample: Float32Array): Float32Array {
    const place = calls++;
    const number = place % 4;
    if (number === 0) [start, stages] = [sample, []];
    if (number === 0) outputs = [...outputs, modelOutput];
    stages.push(modelOutput);
    const output =
      number < 3 ? modelOutput : weightedSum(...RUNGE_KUTTA.map((weight, i): Term => [weight, stages[i]!]));
    return transfer(start, output, timesteps[place - number]!, timesteps[place]! - (place % 2 === 0 ? half : 0));
  }

  return {
    timesteps,
    step(modelOutput, sample) {
      if (calls < rungeKutta.length) return stage(modelOutput, sample);
      const timestep = timesteps[calls++]!;
      outputs = [...outputs.slice(1 - ORDER), modelOutput];
      return transfer(sample, multistep(outputs), timestep, timestep - stride);
    },
  };
}
