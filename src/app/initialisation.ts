import { readRunConfig } from '../runs/run-config.js';
import type { EncoderChoice } from './open-encoder.js';

/** How a run initialised parameters that are not in any file, for its teacher and its student before training. */
export async function initialisationOf(run: string): Promise<Pick<EncoderChoice, 'seed' | 'randomWeights'>> {
  const { settings } = await readRunConfig(run);
  return { seed: settings.seed, randomWeights: settings.randomWeights === true };
}
