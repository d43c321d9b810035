import { ddim } from './ddim.js';
import { pndm } from './pndm.js';
import type { SchedulerConfig } from './scheduler-config.js';
import { unipc } from './unipc.js';
import type { Scheduler } from './scheduler.js';

/**
 * Creates a scheduler for one picture. All schedulers start from noise with standard deviation 1 (`init_noise_sigma`).
 *
 * @throws InputError for more steps than the configuration allows, or too few
 */
export function createScheduler(config: SchedulerConfig, steps: number): Scheduler {
  if (config.name === 'unipc') return unipc(config, steps);
  return config.name === 'pndm' ? pndm(config, steps) : ddim(config, steps);
}
