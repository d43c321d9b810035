/**
 * @file What a model's output means for a noisy sample x = α·x₀ + σ·ε, where α² + σ² = 1: the sample x₀ without noise,
 * or the noise ε. A model predicts ε, x₀ or the velocity v = α·ε − σ·x₀ (arXiv 2202.00512, appendix D).
 */
import { clamp, quantile, weightedSum } from './latents.js';
import type { PredictionType, Thresholding } from './scheduler-config.js';

/** The weights of sample and noise in a noisy sample. */
export interface NoiseLevel {
  readonly alpha: number;
  readonly sigma: number;
}

/** The noise level at which ᾱ is the sample's share of the variance. */
export function noiseLevel(alphaCumprod: number): NoiseLevel {
  return { alpha: Math.sqrt(alphaCumprod), sigma: Math.sqrt(1 - alphaCumprod) };
}

/** x₀ */
export function predictedSample(
  type: PredictionType,
  output: Float32Array,
  x: Float32Array,
  { alpha, sigma }: NoiseLevel,
): Float32Array {
  if (type === 'sample') return output;
  if (type === 'v_prediction') return weightedSum([alpha, x], [-sigma, output]);
  // infinite at α = 0, which a clipped sample survives; not ∞ − ∞
  return x.map((value, i) => (value - sigma * output[i]!) / alpha);
}

/** ε */
export function predictedNoise(
  type: PredictionType,
  output: Float32Array,
  x: Float32Array,
  { alpha, sigma }: NoiseLevel,
): Float32Array {
  if (type === 'epsilon') return output;
  if (type === 'v_prediction') return weightedSum([alpha, output], [sigma, x]);
  return x.map((value, i) => (value - alpha * output[i]!) / sigma);
}

/**
 * Dynamic thresholding (arXiv 2205.11487, section 2.3): clamps to a high quantile of the absolute values and divides by
 * it.
 */
export function threshold(sample: Float32Array, { ratio, maxValue }: Thresholding): Float32Array {
  const limit = Math.min(Math.max(quantile(sample.map(Math.abs), ratio), 1), maxValue);
  return clamp(sample, limit, 1 / limit);
}
