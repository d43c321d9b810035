import type { Complete } from '../base/complete.js';
import type { TrainOptions } from '../distill/train.js';
import type { TrainSettings } from './settings.js';

/** The options of the training loop for a run's settings. */
export function trainOptions(settings: TrainSettings, signal: AbortSignal): TrainOptions {
  const { epochs, learningRate, warmupRatio, accumulate, maxSteps, saveEvery, onNan } = settings;
  return {
    epochs,
    learningRate,
    warmupRatio,
    accumulate,
    maxSteps,
    saveEvery,
    onNan,
    signal,
  } satisfies Complete<TrainOptions>;
}
