import { LOSSES, type LossName } from '../distill/loss.js';
import { PRECISIONS } from '../distill/engine.js';
import { ON_NAN, type OnNan } from '../distill/steps.js';
import { OPTIMIZERS, type OptimizerName } from '../distill/adamw.js';
import { RECIPE_NAMES, type RecipeName } from './recipes.js';
import { InputError } from '../base/errors.js';
import type { DeviceChoice } from '../tensorflow/gpu-choice.js';
import { BACKENDS, type BackendChoice } from '../tensorflow/backend.js';

/** How a step is run: recorded once as a graph (TensorFlow only), or op by op. `auto`: as a graph where that can be. */
export const ENGINES = ['auto', 'compiled', 'eager'] as const;
export type EngineChoice = (typeof ENGINES)[number];

/**
 * In what products are computed. `auto`: bfloat16 where the hardware has it and the models are large enough to gain.
 * `tf32`: float32 whose factors an NVIDIA GPU rounds to 10 bits of mantissa; `fp32` never is.
 */
export const PRECISION_CHOICES = ['auto', ...PRECISIONS, 'tf32'] as const;
export type PrecisionChoice = (typeof PRECISION_CHOICES)[number];

export const CHOICES = {
  engine: ENGINES,
  precision: PRECISION_CHOICES,
  loss: LOSSES,
  optimizer: OPTIMIZERS,
  onNan: ON_NAN,
};

/** Everything that decides what a run does: written to its `config.json`. */
export interface TrainSettings {
  /** The recipe that settings were taken from. */
  readonly recipe?: RecipeName;
  readonly data: readonly string[];
  readonly koColumn?: string;
  readonly enColumn?: string;
  readonly teacher: string;
  readonly student: string;
  readonly teacherTokenizer?: string;
  readonly studentTokenizer?: string;
  /** Whether a student of another width learns a projection to the teacher's. */
  readonly project?: boolean;
  readonly randomWeights: boolean;
  readonly samples?: number;
  readonly validFraction: number;
  readonly shuffle: boolean;
  readonly epochs: number;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly warmupRatio: number;
  readonly optimizer: OptimizerName;
  readonly loss: LossName;
  readonly dropout?: number;
  readonly maxGradNorm?: number;
  readonly maxSteps?: number;
  readonly seed: number;
  readonly engine: EngineChoice;
  readonly precision: PrecisionChoice;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
  readonly run?: string;
  readonly logEvery: number;
  readonly saveEvery?: number;
  readonly onNan: OnNan;
  readonly cacheTeacher?: string;
  readonly keep: number;
}

/** Settings as they are asked for: the batch size may be left to the machine. */
export type AskedSettings = Omit<TrainSettings, 'batchSize'> & { readonly batchSize: number | 'auto' };

/** What a setting read from a file must be. */
type Check = readonly [expected: string, isAllowed: (value: unknown) => boolean];

const text: Check = ['text', (value) => typeof value === 'string'];
const texts: Check = [
  'a list of texts',
  (value) => Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string'),
];
const yesOrNo: Check = ['true or false', (value) => typeof value === 'boolean'];
const whole = (least: number): Check => [
  `a whole number of at least ${least}`,
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
];
const numberUpTo = (most: number): Check => [
  `a number from 0${most === Infinity ? '' : ` to ${most}`}`,
  (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= most,
];
const oneOf = (choices: readonly string[]): Check => [
  `one of ${choices.join(', ')}`,
  (value) => choices.includes(value as string),
];
const maybe = ([expected, isAllowed]: Check): Check => [expected, (value) => value === undefined || isAllowed(value)];

const CHECKS: Readonly<Record<keyof TrainSettings, Check>> = {
  recipe: maybe(oneOf(RECIPE_NAMES)),
  data: texts,
  koColumn: maybe(text),
  enColumn: maybe(text),
  teacher: text,
  student: text,
  teacherTokenizer: maybe(text),
  studentTokenizer: maybe(text),
  project: maybe(yesOrNo),
  randomWeights: yesOrNo,
  samples: maybe(whole(1)),
  validFraction: numberUpTo(1),
  shuffle: yesOrNo,
  epochs: whole(1),
  batchSize: whole(1),
  accumulate: whole(1),
  learningRate: numberUpTo(Infinity),
  weightDecay: numberUpTo(Infinity),
  warmupRatio: numberUpTo(1),
  optimizer: oneOf(OPTIMIZERS),
  loss: oneOf(LOSSES),
  dropout: maybe(numberUpTo(1)),
  maxGradNorm: maybe(numberUpTo(Infinity)),
  maxSteps: maybe(whole(1)),
  seed: whole(0),
  engine: oneOf(ENGINES),
  precision: oneOf(PRECISION_CHOICES),
  backend: oneOf(BACKENDS),
  device: text,
  run: maybe(text),
  logEvery: whole(1),
  saveEvery: maybe(whole(1)),
  onNan: oneOf(ON_NAN),
  cacheTeacher: maybe(text),
  keep: whole(1),
};

/**
 * Settings as a run's `config.json` has them.
 *
 * @param where begins the message of an error
 * @throws InputError that names the first setting that is none
 */
export function checkSettings(settings: Readonly<Record<string, unknown>>, where: string): TrainSettings {
  for (const [name, [expected, isAllowed]] of Object.entries(CHECKS)) {
    if (isAllowed(settings[name])) continue;
    const found = ((JSON.stringify(settings[name]) as string | undefined) ?? 'nothing').slice(0, 60);
    throw new InputError(`${where}: settings: ${name}: expected ${expected}, got ${found}`);
  }
  return settings as unknown as TrainSettings; // every field was looked at
}

/** The original project's final run, but for its optimiser: `adamw-legacy`. */
export const DEFAULTS = {
  data: ['data'],
  teacher: 'openai/clip-vit-large-patch14',
  student: 'klue/roberta-small',
  epochs: 10,
  batchSize: 32,
  accumulate: 1,
  learningRate: 5e-5,
  weightDecay: 1e-4,
  warmupRatio: 0.1,
  validFraction: 0.2,
  optimizer: 'adamw',
  loss: 'hidden',
  seed: 42,
  logEvery: 10,
  keep: 2,
} as const;
