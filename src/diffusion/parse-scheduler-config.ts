/**
 * @file Parses `scheduler_config.json` like diffusers: each scheduler takes the fields that it knows, has defaults of
 * its own for absent ones and ignores the rest, so that it can be built from another scheduler's file. Fields and
 * defaults: diffusers 0.42, `schedulers/scheduling_{unipc_multistep,pndm,ddim}.py`.
 */
import * as v from 'valibot';
import {
  camelCased,
  checkJson,
  jsonError,
  listOf,
  object,
  ofKind,
  text,
  valuesThat,
  whole,
  type JsonObject,
} from '../base/json-schema.js';
import { choice, SWITCH } from '../base/kinds.js';
import {
  BETA_SCHEDULES,
  FINAL_SIGMAS,
  PREDICTIONS,
  SPACINGS,
  type CommonConfig,
  type DdimConfig,
  type PndmConfig,
  type PredictionType,
  type SchedulerConfig,
  type SchedulerName,
  type Thresholding,
  type TimestepSpacing,
  type UniPCConfig,
} from './scheduler-config.js';

/** What to do about a configuration that is wrong or not supported. */
const REMEDY = 'choose another --scheduler, or get the file again';

/**
 * The configuration of a scheduler from a `scheduler_config.json`, its own or another scheduler's. Fields that the file
 * lists in `_use_default_values` count as absent: they hold defaults of the scheduler that wrote it.
 *
 * @param where the file, for messages
 * @throws InputError for an impossible value, and for one that diffusers supports and this program does not
 */
export function parseSchedulerConfig(file: unknown, name: SchedulerName, where: string): SchedulerConfig {
  const json = withoutDefaults(file, where);
  if (name === 'unipc') return uniPC(checkJson(UNIPC, json, where, REMEDY), where);
  return name === 'pndm'
    ? pndm(checkJson(PNDM, json, where, REMEDY), where)
    : ddim(checkJson(DDIM, json, where, REMEDY), where);
}

const finite = valuesThat<number>(Number.isFinite, 'a number');
const between = (value: unknown): boolean => typeof value === 'number' && value > 0 && value < 1;
const upTo1 = (value: unknown): boolean => typeof value === 'number' && value > 0 && value <= 1;

/** A switch; `null` is off whatever the default, as `None` is false in Python. */
const flag = (standard: boolean) => v.optional(v.nullable(ofKind(SWITCH), false), standard);
const count = (standard: number, least = 1) => v.nullish(whole(least, 1_000_000), standard);
const share = (standard: number) => v.nullish(valuesThat<number>(upTo1, 'a number above 0 and up to 1'), standard);
const optionalChoice = <T extends string>(choices: readonly T[], standard: T) =>
  v.nullish(ofKind(choice(choices)), standard);

/** Settings that diffusers supports and this program does not. */
const unsupported = v.nullish(
  valuesThat<false>((value) => value === false, 'false or no value, as no other is supported'),
);

const common = (spacing: TimestepSpacing, predictions: readonly PredictionType[]) => ({
  num_train_timesteps: count(1000),
  beta_start: share(0.0001),
  beta_end: share(0.02),
  beta_schedule: optionalChoice(BETA_SCHEDULES, 'linear'),
  trained_betas: v.nullish(listOf(valuesThat<number>(between, 'a number between 0 and 1'))),
  prediction_type: optionalChoice(predictions, 'epsilon'),
  timestep_spacing: optionalChoice(SPACINGS, spacing),
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
  solver_type: optionalChoice(['bh1', 'bh2', 'midpoint', 'heun', 'logrho'], 'bh2'),
  predict_x0: flag(true),
  lower_order_final: flag(true),
  disable_corrector: v.nullish(listOf(finite), []),
  use_karras_sigmas: flag(false),
  use_exponential_sigmas: flag(false),
  sigma_min: v.nullish(finite),
  sigma_max: v.nullish(finite),
  final_sigmas_type: optionalChoice(FINAL_SIGMAS, 'zero'),
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

function withoutDefaults(file: unknown, where: string): JsonObject {
  const { _use_default_values: defaults, ...fields } = checkJson(FILE, file, where, REMEDY);
  return Object.fromEntries(Object.entries(fields).filter(([name]) => defaults?.includes(name) !== true));
}

const FILE = object({ _use_default_values: v.nullish(listOf(text)) });

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
