/** The default options of a comparison. */
export const EVALUATION_DEFAULTS = {
  teacher: 'clip',
  baselines: true,
  seed: 42,
  pairs: true,
  sts: [],
  by: [],
  precision: 'fp32',
  backend: 'auto',
  device: 'auto',
} as const;

/** How many pairs to evaluate on by default: about an hour's work for two real models and a baseline on two cores. */
export const DEFAULT_SAMPLES = 10_000;
