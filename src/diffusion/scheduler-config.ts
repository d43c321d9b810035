/**
 * @file `scheduler_config.json`, read as diffusers reads it: each scheduler takes the fields it knows, has its own
 * defaults for those that are absent, and passes over the rest, so that one can be built from another's file.
 * Fields and defaults: diffusers 0.42, `schedulers/scheduling_{unipc_multistep,pndm,ddim}.py`.
 */
import { InputError } from '../base/errors.js';
import { shownJson } from '../base/python-json.js';

/** The schedulers there are, by the names of `--scheduler`. */
export const SCHEDULERS = ['unipc', 'pndm', 'ddim'] as const;
export type SchedulerName = (typeof SCHEDULERS)[number];

/** diffusers' names for them, as `_class_name` has them. */
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
/** What the model says of a noisy sample: the noise in it, the sample without, or the velocity (arXiv 2202.00512). */
export type PredictionType = (typeof PREDICTIONS)[number];

/** How much noise there is at each time step of training. */
export interface NoiseScheduleConfig {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: (typeof BETA_SCHEDULES)[number];
  /** The betas themselves, in the place of the three above. */
  readonly trainedBetas: readonly number[] | undefined;
  /** Whether the last time step is made pure noise (arXiv 2305.08891, algorithm 1). */
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

export interface UniPCConfig extends CommonConfig {
  readonly name: 'unipc';
  readonly solverOrder: number;
  readonly solverType: 'bh1' | 'bh2';
  /** Whether the solver works on the predicted sample rather than on the predicted noise. */
  readonly predictX0: boolean;
  readonly lowerOrderFinal: boolean;
  /** Steps whose result is not corrected by the next evaluation. */
  readonly disableCorrector: readonly number[];
  readonly thresholding: Thresholding | undefined;
  /** How the noise levels between the first and the last are chosen. */
  readonly sigmas: 'timesteps' | 'karras' | 'exponential';
  readonly sigmaMin: number | undefined;
  readonly sigmaMax: number | undefined;
  readonly finalSigmasType: (typeof FINAL_SIGMAS)[number];
}

export interface PndmConfig extends CommonConfig {
  readonly name: 'pndm';
  readonly skipPrkSteps: boolean;
  readonly setAlphaToOne: boolean;
}

export interface DdimConfig extends CommonConfig {
  readonly name: 'ddim';
  readonly setAlphaToOne: boolean;
  /** The predicted sample is kept within ± this; undefined: as it comes. */
  readonly clipRange: number | undefined;
  readonly thresholding: Thresholding | undefined;
}

export type SchedulerConfig = UniPCConfig | PndmConfig | DdimConfig;

type Json = Readonly<Record<string, unknown>>;

/**
 * The configuration of a scheduler in the contents of a `scheduler_config.json`, its own or another scheduler's.
 *
 * @param where the file, for messages
 * @throws InputError for a value that is not possible, and for one that is possible in diffusers and not supported here
 */
export function parseSchedulerConfig(json: Json, name: SchedulerName, where: string): SchedulerConfig {
  const fields = new Fields(json, where);
  if (name === 'unipc') return parseUniPC(fields);
  return name === 'pndm' ? parsePndm(fields) : parseDdim(fields);
}

function parseUniPC(fields: Fields): UniPCConfig {
  fields.refuse('solver_p', 'use_beta_sigmas', 'use_flow_sigmas', 'use_dynamic_shifting', 'shift_terminal');
  const [karras, exponential] = [fields.flag('use_karras_sigmas', false), fields.flag('use_exponential_sigmas', false)];
  if (karras && exponential) fields.fail('use_exponential_sigmas', 'false where use_karras_sigmas is true');
  return {
    name: 'unipc',
    ...parseCommon(fields, 'linspace', PREDICTIONS, fields.flag('rescale_betas_zero_snr', false)),
    solverOrder: fields.count('solver_order', 2),
    solverType: solverType(fields),
    predictX0: fields.flag('predict_x0', true),
    lowerOrderFinal: fields.flag('lower_order_final', true),
    disableCorrector: fields.numbers('disable_corrector') ?? [],
    thresholding: parseThresholding(fields),
    sigmas: karras ? 'karras' : exponential ? 'exponential' : 'timesteps',
    sigmaMin: fields.optional('sigma_min'),
    sigmaMax: fields.optional('sigma_max'),
    finalSigmasType: fields.choice('final_sigmas_type', FINAL_SIGMAS, 'zero'),
  };
}

function parsePndm(fields: Fields): PndmConfig {
  return {
    name: 'pndm',
    ...parseCommon(fields, 'leading', ['epsilon', 'v_prediction'], false),
    skipPrkSteps: fields.flag('skip_prk_steps', false),
    setAlphaToOne: fields.flag('set_alpha_to_one', false),
  };
}

function parseDdim(fields: Fields): DdimConfig {
  return {
    name: 'ddim',
    ...parseCommon(fields, 'leading', PREDICTIONS, fields.flag('rescale_betas_zero_snr', false)),
    setAlphaToOne: fields.flag('set_alpha_to_one', true),
    clipRange: fields.flag('clip_sample', true) ? fields.number('clip_sample_range', 1) : undefined,
    thresholding: parseThresholding(fields),
  };
}

function parseCommon(
  fields: Fields,
  spacing: TimestepSpacing,
  predictions: readonly PredictionType[],
  rescaleBetasZeroSnr: boolean,
): CommonConfig {
  const trainedBetas = fields.numbers('trained_betas');
  if (trainedBetas?.some((beta) => !(beta > 0 && beta < 1))) fields.fail('trained_betas', 'numbers between 0 and 1');
  const numTrainTimesteps = fields.count('num_train_timesteps', 1000);
  if (trainedBetas !== undefined && trainedBetas.length !== numTrainTimesteps) {
    fields.fail('trained_betas', `as many as num_train_timesteps, ${numTrainTimesteps}`);
  }
  return {
    numTrainTimesteps,
    betaStart: fields.share('beta_start', 0.0001),
    betaEnd: fields.share('beta_end', 0.02),
    betaSchedule: fields.choice('beta_schedule', BETA_SCHEDULES, 'linear'),
    trainedBetas,
    rescaleBetasZeroSnr,
    predictionType: fields.choice('prediction_type', predictions, 'epsilon'),
    timestepSpacing: fields.choice('timestep_spacing', SPACINGS, spacing),
    stepsOffset: fields.count('steps_offset', 0, 0),
  };
}

/** diffusers takes the solver types of DPM-Solver to mean bh2, so that UniPC can be built from its files. */
function solverType(fields: Fields): 'bh1' | 'bh2' {
  return fields.choice('solver_type', ['bh1', 'bh2', 'midpoint', 'heun', 'logrho'], 'bh2') === 'bh1' ? 'bh1' : 'bh2';
}

function parseThresholding(fields: Fields): Thresholding | undefined {
  if (!fields.flag('thresholding', false)) return undefined;
  return { ratio: fields.share('dynamic_thresholding_ratio', 0.995), maxValue: fields.number('sample_max_value', 1) };
}

/** Reads the fields of one file, each checked, with a default for what is absent. */
class Fields {
  constructor(
    private readonly json: Json,
    private readonly where: string,
  ) {}

  fail(key: string, expected: string): never {
    throw new InputError(`${this.where}: expected ${key} to be ${expected}, got ${shownJson(this.json[key])}`);
  }

  /** Refuses what diffusers would honour and this program does not. */
  refuse(...keys: readonly string[]): void {
    for (const key of keys) {
      const value = this.json[key] ?? false;
      if (value !== false)
        this.fail(key, 'false or absent, as no other value is supported; choose another --scheduler');
    }
  }

  number(key: string, standard: number): number {
    const value = this.json[key] ?? standard;
    return typeof value === 'number' && Number.isFinite(value) ? value : this.fail(key, 'a number');
  }

  optional(key: string): number | undefined {
    return this.json[key] == null ? undefined : this.number(key, 0);
  }

  count(key: string, standard: number, least = 1): number {
    const value = this.json[key] ?? standard;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= 1e6) return value;
    return this.fail(key, `a whole number from ${least} to 1000000`);
  }

  share(key: string, standard: number): number {
    const value = this.json[key] ?? standard;
    return typeof value === 'number' && value > 0 && value <= 1
      ? value
      : this.fail(key, 'a number above 0 and up to 1');
  }

  flag(key: string, standard: boolean): boolean {
    const value = this.json[key] ?? standard;
    return typeof value === 'boolean' ? value : this.fail(key, 'true or false');
  }

  numbers(key: string): readonly number[] | undefined {
    const value = this.json[key];
    if (value == null) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'number' && Number.isFinite(item)))
      return value as number[];
    return this.fail(key, 'a list of numbers');
  }

  choice<T extends string>(key: string, choices: readonly T[], standard: T): T {
    const value = this.json[key] ?? standard;
    return choices.find((choice) => choice === value) ?? this.fail(key, `one of ${choices.join(', ')}`);
  }
}
