/** @file How much noise there is at each time step that a model was trained on. */
import { InputError } from '../base/errors.js';
import type { CommonConfig, NoiseScheduleConfig } from './scheduler-config.js';

/** The most noise that one step may add, as in arXiv 2102.09672, section 3.2. */
const MAX_BETA = 0.999;

/** The smallest noise level that UniPC may divide by: the smallest float16 above 0, as in diffusers. */
export const SMALLEST_ALPHA = 2 ** -24;

/**
 * ᾱ, the share of a sample's variance that remains at each time step: the cumulative product of 1 − β.
 *
 * Every value is rounded to float32 where PyTorch rounds it, so that the array equals that of diffusers bit for bit.
 * The exception is a rescaled schedule, as PyTorch's vectorised square root may be off by one bit.
 *
 * @returns `[T]`
 */
export function alphasCumprod(config: NoiseScheduleConfig): Float32Array {
  const betas = config.rescaleBetasZeroSnr ? rescaleToZeroSnr(betasOf(config)) : betasOf(config);
  return runningProduct(betas.map((beta) => 1 - beta));
}

/**
 * Checks that the model's prediction is usable where denoising starts. At zero terminal SNR (arXiv 2305.08891) a sample
 * is pure noise there, and predicting the noise says nothing about the picture: x₀ = (x − σ·ε)/α has α = 0.
 *
 * @throws InputError for a model that predicts the noise and starts at such a time step
 */
export function checkFirstStep(config: CommonConfig, timesteps: readonly number[]): void {
  const isAllNoise = config.rescaleBetasZeroSnr && timesteps[0] === config.numTrainTimesteps - 1;
  if (!isAllNoise || config.predictionType !== 'epsilon') return;
  throw new InputError(
    'scheduler_config.json: expected prediction_type v_prediction or sample with rescale_betas_zero_snr (zero ' +
      'terminal SNR), got epsilon, which divides by zero at the first time step; set rescale_betas_zero_snr to ' +
      'false, timestep_spacing to leading, or give --scheduler pndm, which does not rescale',
  );
}

/** β, the share of the variance that each time step replaces by noise. `[T]` */
function betasOf({
  numTrainTimesteps: count,
  betaStart,
  betaEnd,
  betaSchedule,
  trainedBetas,
}: NoiseScheduleConfig): Float32Array {
  if (trainedBetas !== undefined) return Float32Array.from(trainedBetas);
  if (betaSchedule === 'linear') return linspace(betaStart, betaEnd, count);
  // Equal steps of the square root: the schedule of latent diffusion.
  if (betaSchedule === 'scaled_linear')
    return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), count).map((root) => root ** 2);
  return Float32Array.from({ length: count }, (_, i) =>
    Math.min(1 - cosineAlpha((i + 1) / count) / cosineAlpha(i / count), MAX_BETA),
  );
}

/** arXiv 2102.09672, formula 17: ᾱ at a fraction of the way. */
function cosineAlpha(time: number): number {
  return Math.cos(((time + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
}

/**
 * `count` equal steps from `start` to `end`, bit for bit like PyTorch's `linspace` on a CPU: from both ends to the
 * middle, with ends and step in float32, each value rounded once. An error of one bit here grows by thousands when
 * `rescaleToZeroSnr` subtracts neighbours.
 */
function linspace(start: number, end: number, count: number): Float32Array {
  const [first, last] = [Math.fround(start), Math.fround(end)];
  const step = Math.fround(Math.fround(last - first) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < count >> 1 || count === 1 ? first + (i && step * i) : last - step * (count - 1 - i),
  );
}

/** Cumulative products, computed in float64 and each rounded, as in PyTorch's `cumprod` on a CPU. */
function runningProduct(factors: Float32Array): Float32Array {
  let product = 1;
  return factors.map((factor) => (product *= factor));
}

/**
 * arXiv 2305.08891, algorithm 1: √ᾱ shifted to end at 0 and scaled to begin where it did; each operation in float32.
 */
function rescaleToZeroSnr(betas: Float32Array): Float32Array {
  const roots = runningProduct(betas.map((beta) => 1 - beta)).map(Math.sqrt);
  const [first, last] = [roots[0], roots[roots.length - 1]];
  const stretch = Math.fround(first! / Math.fround(first! - last!));
  const alphas = roots.map((root) => Math.fround(Math.fround(root - last!) * stretch) ** 2);
  return alphas.map((alpha, i) => 1 - (i === 0 ? alpha : Math.fround(alpha / alphas[i - 1]!)));
}
