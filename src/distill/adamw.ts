/**
 * @file AdamW (Loshchilov and Hutter, arXiv 1711.05101) in the two forms that the experiments used.
 *
 * - `adamw`: `torch.optim.AdamW`. Bias correction, eps 1e-8 outside the root, weight decay on every parameter, applied
 *   before the update.
 * - `adamw-legacy`: transformers' removed `AdamW(correct_bias=False)`. No bias correction, eps 1e-6, weight decay
 *   applied after the update, except on biases and LayerNorm weights.
 */
import tf from '../base/tfjs.cjs';
import type { Shapes } from '../models/text-encoder.js';
import type { OptimizerName } from './choices.js';

/** Decay rates of the two moments: the defaults of PyTorch and transformers. */
const BETA_1 = 0.9;
const BETA_2 = 0.999;

const EPSILON: Readonly<Record<OptimizerName, number>> = { adamw: 1e-8, 'adamw-legacy': 1e-6 };

/** Values that change from step to step: numbers, or scalars fed to a recorded graph. */
export interface AdamWScalars {
  /** The learning rate divided by the first moment's bias correction. */
  readonly stepSize: number | tf.Scalar;
  /** The root of the second moment's bias correction. */
  readonly correction: number | tf.Scalar;
  /** Learning rate × weight decay. */
  readonly decay: number | tf.Scalar;
}

/** A parameter with its first and second moments, all of the same shape. */
export interface AdamWSlot {
  readonly parameter: tf.Tensor;
  readonly firstMoment: tf.Tensor;
  readonly secondMoment: tf.Tensor;
}

/** The prefixes of a parameter's moments outside the engine: the names used by `torch.optim.AdamW`. */
export const MOMENTS = ['exp_avg', 'exp_avg_sq'] as const;

/** `exp_avg/encoder.layer.0…` */
export function momentName(moment: (typeof MOMENTS)[number], parameter: string): string {
  return `${moment}/${parameter}`;
}

/** The shapes of both moments of every trained parameter, keyed by name. */
export function momentShapes(trained: Shapes): Shapes {
  return Object.fromEntries(
    MOMENTS.flatMap((moment) => Object.entries(trained).map(([name, shape]) => [momentName(moment, name), shape])),
  );
}

/**
 * The scalars of a step, in double precision as in PyTorch.
 *
 * @param step counted from 1
 */
export function adamWScalars(
  optimizer: OptimizerName,
  learningRate: number,
  weightDecay: number,
  step: number,
): Record<keyof AdamWScalars, number> {
  const decay = learningRate * weightDecay;
  if (optimizer === 'adamw-legacy') return { stepSize: learningRate, correction: 1, decay };
  return { stepSize: learningRate / (1 - BETA_1 ** step), correction: Math.sqrt(1 - BETA_2 ** step), decay };
}

/** Whether weight decay applies to a parameter. */
export function decays(optimizer: OptimizerName, isBiasOrNorm: boolean): boolean {
  return optimizer === 'adamw' || !isBiasOrNorm;
}

/** What an optimiser does alike in all steps: what it keeps and takes of each moment, and when it decays weights. */
export interface AdamWRates {
  readonly keptFirst: number;
  readonly takenFirst: number;
  readonly keptSecond: number;
  readonly takenSecond: number;
  readonly epsilon: number;
  /** Whether weight decay is applied before the update. */
  readonly decaysFirst: boolean;
}

/** The rates of an optimiser. */
export function adamWRates(optimizer: OptimizerName): AdamWRates {
  return {
    ...{ keptFirst: BETA_1, takenFirst: 1 - BETA_1, keptSecond: BETA_2, takenSecond: 1 - BETA_2 },
    ...{ epsilon: EPSILON[optimizer], decaysFirst: optimizer === 'adamw' },
  };
}

/**
 * One update of one parameter. Pure: returns new tensors and keeps none.
 *
 * @param decayed whether weight decay applies to this parameter
 */
export function adamWUpdate(
  optimizer: OptimizerName,
  slot: AdamWSlot,
  gradient: tf.Tensor,
  scalars: AdamWScalars,
  decayed: boolean,
): AdamWSlot {
  const rates = adamWRates(optimizer);
  const firstMoment = tf.add(tf.mul(slot.firstMoment, rates.keptFirst), tf.mul(gradient, rates.takenFirst));
  const secondMoment = tf.add(
    tf.mul(slot.secondMoment, rates.keptSecond),
    tf.mul(tf.square(gradient), rates.takenSecond),
  );
  const denominator = tf.add(tf.div(tf.sqrt(secondMoment), scalars.correction), rates.epsilon);
  const change = tf.mul(tf.div(firstMoment, denominator), scalars.stepSize);

  const decay = (parameter: tf.Tensor): tf.Tensor =>
    decayed ? tf.sub(parameter, tf.mul(parameter, scalars.decay)) : parameter;
  const parameter =
    optimizer === 'adamw' ? tf.sub(decay(slot.parameter), change) : decay(tf.sub(slot.parameter, change));
  return { parameter, firstMoment, secondMoment };
}
