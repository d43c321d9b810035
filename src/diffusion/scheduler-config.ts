/** @file The settings of schedulers, in the terms of diffusers' `scheduler_config.json`. */

/** The schedulers, by the values of `--scheduler`. */
export const SCHEDULERS = ['unipc', 'pndm', 'ddim'] as const;
export type SchedulerName = (typeof SCHEDULERS)[number];

/** Their class names in diffusers, as in `_class_name`. */
export const SCHEDULER_CLASSES: Readonly<Record<SchedulerName, string>> = {
  unipc: 'UniPCMultistepScheduler',
  pndm: 'PNDMScheduler',
  ddim: 'DDIMScheduler',
};

export const BETA_SCHEDULES = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;
export const SPACINGS = ['linspace', 'leading', 'trailing'] as const;
export const PREDICTIONS = ['epsilon', 'sample', 'v_prediction'] as const;
export const FINAL_SIGMAS = ['zero', 'sigma_min'] as const;

export type TimestepSpacing = (typeof SPACINGS)[number];
/** What the model predicts: the noise in a sample, the sample without it, or the velocity (arXiv 2202.00512). */
export type PredictionType = (typeof PREDICTIONS)[number];

/** How much noise there is at each time step of training. */
export interface NoiseScheduleConfig {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: (typeof BETA_SCHEDULES)[number];
  /** The betas themselves, instead of the three above. */
  readonly trainedBetas: readonly number[] | undefined;
  /** Whether the last time step becomes pure noise (arXiv 2305.08891, algorithm 1). */
  readonly rescaleBetasZeroSnr: boolean;
}

/** The settings that all schedulers have. */
export interface CommonConfig extends NoiseScheduleConfig {
  readonly predictionType: PredictionType;
  readonly timestepSpacing: TimestepSpacing;
  readonly stepsOffset: number;
}

/** Dynamic thresholding of the predicted sample (arXiv 2205.11487, section 2.3). */
export interface Thresholding {
  readonly ratio: number;
  readonly maxValue: number;
}

/** The configuration of UniPC. */
export interface UniPCConfig extends CommonConfig {
  readonly name: 'unipc';
  readonly solverOrder: number;
  readonly solverType: 'bh1' | 'bh2';
  /** Whether the solver works on the predicted sample instead of the predicted noise. */
  readonly predictX0: boolean;
  readonly lowerOrderFinal: boolean;
  /** Steps whose result is not corrected by the next evaluation. */
  readonly disableCorrector: readonly number[];
  readonly thresholding: Thresholding | undefined;
  /** How the noise levels between the first and the last are spaced. */
  readonly sigmas: 'timesteps' | 'karras' | 'exponential';
  readonly sigmaMin: number | undefined;
  readonly sigmaMax: number | undefined;
  readonly finalSigmasType: (typeof FINAL_SIGMAS)[number];
}

/** The configuration of PNDM. */
export interface PndmConfig extends CommonConfig {
  readonly name: 'pndm';
  readonly skipPrkSteps: boolean;
  readonly setAlphaToOne: boolean;
}

/** The configuration of DDIM. */
export interface DdimConfig extends CommonConfig {
  readonly name: 'ddim';
  readonly setAlphaToOne: boolean;
  /** The predicted sample is clamped to ± this; undefined: not at all. */
  readonly clipRange: number | undefined;
  readonly thresholding: Thresholding | undefined;
}

export type SchedulerConfig = UniPCConfig | PndmConfig | DdimConfig;
