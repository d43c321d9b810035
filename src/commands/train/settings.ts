import { LOSSES, type LossName } from '../../distill/loss.js';
import { PRECISIONS } from '../../distill/engine.js';
import { ON_NAN, type OnNan } from '../../distill/train.js';
import { OPTIMIZERS, type OptimizerName } from '../../distill/adamw.js';
import type { RecipeName } from '../../distill/recipes.js';
import type { DeviceChoice } from '../../engine/nvidia.js';
import type { BackendChoice } from '../../engine/tensorflow.js';

/** How a step is run: recorded once as a graph (TensorFlow only), or op by op. `auto`: as a graph where that can be. */
export const ENGINES = ['auto', 'compiled', 'eager'] as const;
export type EngineChoice = (typeof ENGINES)[number];

/**
 * In what products are computed. `auto`: bfloat16 where the hardware has it and the models are large enough to gain.
 * `tf32`: float32 whose factors an NVIDIA GPU rounds to 10 bits of mantissa; `fp32` never is.
 */
export const PRECISION_CHOICES = ['auto', ...PRECISIONS, 'tf32'] as const;
export type PrecisionChoice = (typeof PRECISION_CHOICES)[number];

export const CHOICES = { engine: ENGINES, precision: PRECISION_CHOICES, loss: LOSSES, optimizer: OPTIMIZERS, onNan: ON_NAN };

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
