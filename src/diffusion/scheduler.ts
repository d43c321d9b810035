import { ddim } from './ddim.js';
import { pndm } from './pndm.js';
import type { SchedulerConfig } from './scheduler-config.js';
import { unipc } from './unipc.js';

/** Takes the noise out of one picture's latents, step by step. Made anew for each picture: it remembers its steps. */
export interface Scheduler {
  /** The time steps at which the model is asked, in order; a step may come twice. */
  readonly timesteps: readonly number[];
  /**
   * The latents after the next of the time steps.
   *
   * @param modelOutput what the model says of `sample` at that time step
   * @param sample the latents before it: the noise, or what the last call gave
   */
  step(modelOutput: Float32Array, sample: Float32Array): Float32Array;
}

/**
 * A scheduler for one picture. Starting noise has deviation 1 (`init_noise_sigma`) for all of them.
 *
 * @throws InputError for more steps than the configuration allows, or too few
 */
export function createScheduler(config: SchedulerConfig, steps: number): Scheduler {
  if (config.name === 'unipc') return unipc(config, steps);
  return config.name === 'pndm' ? pndm(config, steps) : ddim(config, steps);
}
