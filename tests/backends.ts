import type { BackendChoice } from '../src/tensorflow/backend-choice.js';

/**
 * The tfjs backends that suites run on. `tensorflow` fails, and does not pass unseen, where set-up could not build it.
 */
export const BACKENDS_UNDER_TEST: readonly Exclude<BackendChoice, 'auto'>[] =
  process.env.KD_TEST_BACKENDS === 'cpu' ? ['cpu'] : ['tensorflow', 'cpu'];
