/**
 * @file `scheduler_config.json`, read as diffusers reads it: each scheduler takes the fields that it knows, has its own
 * defaults for absent ones and ignores the rest, so that it can be built from another scheduler's file. Fields and
 * defaults: diffusers 0.42, `schedulers/scheduling_{unipc_multistep,pndm,ddim}.py`.
 */
import * as v from 'valibot';
import { camelCased, checkJson, jsonError, listOf, ofKind, valuesThat, whole } from '../base/json-schema.js';
import { choice, SWITCH } from '../base/kinds.js';

/** The schedulers, by the values of `--scheduler`. */
export const SCHEDULERS = ['unipc', 'pndm', 'ddim'] as const;
export type SchedulerName = (typeof SCHEDULERS)[number];

/** Their class names in diffusers, as in `_class_name`. */
export const SCHEDULER_CLASSES: Readonly<Record<SchedulerName, string>> = {
  unipc: 'UniPCMultistepScheduler',
  pndm: 'PNDMScheduler',
  ddim: 'DDIMScheduler',
};

const BETA_SCHEDULES = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;
const SPACINGS = ['linspace', 'leading', 'trailing'] as const;
const PREDICTIONS = ['epsilon', 'sample', 'v_prediction'] as const;
const FINAL_SIGMAS = ['zero', 'sigma_min'] as const;

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

/** What all schedulers have. */
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

/** What to do about a configuration that is wrong or not supported. */
const REMEDY = 'choose another --scheduler, or get the file again';

/**
 * The configuration of a scheduler from a `scheduler_config.json`, its own or another scheduler's.
 *
 * @param where the file, for messages
 * @throws InputError for an impossible value, and for one that diffusers supports and this program does not
 */
export function parseSchedulerConfig(json: unknown, name: SchedulerName, where: string): SchedulerConfig {
  if (name === 'unipc') return uniPC(checkJson(UNIPC, json, where, REMEDY), where);
  return name === 'pndm'
    ? pndm(checkJson(PNDM, json, where, REMEDY), where)
    : ddim(checkJson(DDIM, json, where, REMEDY), where);
}

const finite = valuesThat<number>(Number.isFinite, 'a number');
const between = (value: unknown): boolean => typeof value === 'number' && value > 0 && value < 1;
const upTo1 = (value: unknown): boolean => typeof value === 'number' && value > 0 && value <= 1;

/** A switch; `null` is off, whatever it is where there is none: to Python, `None` is false. */
const flag = (standard: boolean) => v.optional(v.nullable(ofKind(SWITCH), false), standard);
const count = (standard: number, least = 1) => v.nullish(whole(least, 1_000_000), standard);
const share = (standard: number) => v.nullish(valuesThat<number>(upTo1, 'a number above 0 and up to 1'), standard);
const oneOf = <T extends string>(choices: readonly T[], standard: T) => v.nullish(ofKind(choice(choices)), standard);

/** Settings that diffusers supports and this program does not. */
const unsupported = v.nullish(
  valuesThat<false>((value) => value === false, 'false or no value, as no other is supported'),
);

const common = (spacing: TimestepSpacing, predictions: readonly PredictionType[]) => ({
  num_train_timesteps: count(1000),
  beta_start: share(0.0001),
  beta_end: share(0.02),
  beta_schedule: oneOf(BETA_SCHEDULES, 'linear'),
  trained_betas: v.nullish(listOf(valuesThat<number>(between, 'a number between 0 and 1'))),
  prediction_type: oneOf(predictions, 'epsilon'),
  timestep_spacing: oneOf(SPACINGS, spacing),
  steps_offset: count(0, 0),
});

const THRESHOLDING = {
  thresholding: flag(false),
  dynamic_thresholding_ratio: share(0.995),
  sample_max_value: v.nullish(finite, 1),
};

const UNIPC = camelCased({
  ...common('linspace', PREDICTIONS),
  ...THRESHOLDING,
  rescale_betas_zero_snr: flag(false),
  solver_order: count(2),
  solver_type: oneOf(['bh1', 'bh2', 'midpoint', 'heun', 'logrho'], 'bh2'),
  predict_x0: flag(true),
  lower_order_final: flag(true),
  disable_corrector: v.nullish(listOf(finite), []),
  use_karras_sigmas: flag(false),
  use_exponential_sigmas: flag(false),
  sigma_min: v.nullish(finite),
  sigma_max: v.nullish(finite),
  final_sigmas_type: oneOf(FINAL_SIGMAS, 'zero'),
  solver_p: unsupported,
  use_beta_sigmas: unsupported,
  use_flow_sigmas: unsupported,
  use_dynamic_shifting: unsupported,
  shift_terminal: unsupported,
});

const PNDM = camelCased({
  ...common('leading', ['epsilon', 'v_prediction']),
  skip_prk_steps: flag(false),
  set_alpha_to_one: flag(false),
});

const DDIM = camelCased({
  ...common('leading', PREDICTIONS),
  ...THRESHOLDING,
  rescale_betas_zero_snr: flag(false),
  set_alpha_to_one: flag(true),
  clip_sample: flag(true),
  clip_sample_range: v.nullish(finite, 1),
});

type Fields<Schema extends v.GenericSchema> = v.InferOutput<Schema>;

function uniPC(fields: Fields<typeof UNIPC>, where: string): UniPCConfig {
  const { useKarrasSigmas, useExponentialSigmas } = fields;
  if (useKarrasSigmas && useExponentialSigmas)
    throw jsonError({
      file: where,
      path: ['use_exponential_sigmas'],
      expected: 'false where use_karras_sigmas is true',
      got: true,
      advice: REMEDY,
    });
  return {
    name: 'unipc',
    ...commonConfig(fields, where),
    rescaleBetasZeroSnr: fields.rescaleBetasZeroSnr,
    solverOrder: fields.solverOrder,
    // diffusers maps the solver types of DPM-Solver to bh2, so that UniPC can be built from its files
    solverType: fields.solverType === 'bh1' ? 'bh1' : 'bh2',
    predictX0: fields.predictX0,
    lowerOrderFinal: fields.lowerOrderFinal,
    disableCorrector: fields.disableCorrector,
    thresholding: thresholding(fields),
    sigmas: useKarrasSigmas ? 'karras' : useExponentialSigmas ? 'exponential' : 'timesteps',
    sigmaMin: fields.sigmaMin ?? undefined,
    sigmaMax: fields.sigmaMax ?? undefined,
    finalSigmasType: fields.finalSigmasType,
  };
}

function pndm(fields: Fields<typeof PNDM>, where: string): PndmConfig {
  const { skipPrkSteps, setAlphaToOne } = fields;
  return { name: 'pndm', ...commonConfig(fields, where), rescaleBetasZeroSnr: false, skipPrkSteps, setAlphaToOne };
}

function ddim(fields: Fields<typeof DDIM>, where: string): DdimConfig {
  return {
    name: 'ddim',
    ...commonConfig(fields, where),
    rescaleBetasZeroSnr: fields.rescaleBetasZeroSnr,
    setAlphaToOne: fields.setAlphaToOne,
    clipRange: fields.clipSample ? fields.clipSampleRange : undefined,
    thresholding: thresholding(fields),
  };
}

function commonConfig(
  fields: Fields<typeof PNDM> | Fields<typeof DDIM> | Fields<typeof UNIPC>,
  where: string,
): Omit<CommonConfig, 'rescaleBetasZeroSnr'> {
  const { numTrainTimesteps, betaStart, betaEnd, betaSchedule, predictionType, timestepSpacing, stepsOffset } = fields;
  const trainedBetas = fields.trainedBetas ?? undefined;
  if (trainedBetas !== undefined && trainedBetas.length !== numTrainTimesteps)
    throw jsonError({
      file: where,
      path: ['trained_betas'],
      expected: `as many numbers as num_train_timesteps says, ${numTrainTimesteps}`,
      got: trainedBetas,
      advice: REMEDY,
    });
  const betas = { numTrainTimesteps, betaStart, betaEnd, betaSchedule, trainedBetas };
  return { ...betas, predictionType, timestepSpacing, stepsOffset };
}

function thresholding(fields: Fields<typeof DDIM> | Fields<typeof UNIPC>): Thresholding | undefined {
  if (!fields.thresholding) return undefined;
  return { ratio: fields.dynamicThresholdingRatio, maxValue: fields.sampleMaxValue };
}
