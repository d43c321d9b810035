/** @file Denoising diffusion implicit models (arXiv 2010.02502), formula 12 without fresh noise (η = 0). */
import { clamp, weightedSum } from './latents.js';
import { alphasCumprod, checkFirstStep } from './noise-schedule.js';
import { noiseLevel, predictedNoise, predictedSample, threshold } from './prediction.js';
import type { DdimConfig } from './scheduler-config.js';
import type { Scheduler } from './scheduler.js';
import { spacedTimesteps } from './timesteps.js';

/**
 * A DDIM scheduler for one picture, with η = 0: it adds no fresh noise.
 *
 * @throws InputError for more steps than in training, and for a first step that divides by zero
 */
export function ddim(config: DdimConfig, steps: number): Scheduler {
  const timesteps = spacedTimesteps(config, steps, 0);
  if (config.clipRange === undefined && config.thresholding === undefined) checkFirstStep(config, timesteps);
  const alphas = alphasCumprod(config);
  const finalAlpha = config.setAlphaToOne ? 1 : alphas[0];
  const stride = Math.floor(config.numTrainTimesteps / steps);
  let index = 0;
  return {
    timesteps,
    step(modelOutput, sample) {
      const timestep = timesteps[index++]!;
      const now = noiseLevel(alphas.at(timestep)!);
      const next = noiseLevel(timestep >= stride ? alphas[timestep - stride]! : finalAlpha!);
      const x0 = predictedSample(config.predictionType, modelOutput, sample, now);
      const noise = predictedNoise(config.predictionType, modelOutput, sample, now);
      return weightedSum([next.alpha, limited(x0, config)], [next.sigma, noise]);
    },
  };
}

/** The predicted sample, limited as configured. */
function limited(x0: Float32Array, { thresholding, clipRange }: DdimConfig): Float32Array {
  if (thresholding !== undefined) return threshold(x0, thresholding);
  return clipRange === undefined ? x0 : clamp(x0, clipRange);
}
