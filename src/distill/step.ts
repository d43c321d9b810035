/** @file The parts of an optimiser step, as pure functions of tensors: gradients, their norm, the update. */
import tf from '../base/tfjs.cjs';
import type { DropoutKey } from '../models/dropout.js';
import type { Params } from '../models/text-encoder.js';
import {
  distillationTarget,
  lossesOf,
  studentOutputs,
  trainableParameters,
  type BatchTensors,
  type Distillation,
  type LossTensors,
} from './loss.js';

/** Gradients by parameter name, with their parameters' shapes. */
export type Gradients = Record<string, tf.Tensor>;

/** Guards against division by a zero norm, as `torch.nn.utils.clip_grad_norm_`. */
const NORM_EPSILON = 1e-6;

/**
 * Losses and gradients of one micro-batch, weighted by pair, so that the sum over `k` micro-batches of `b` pairs equals
 * the result for one batch of `k · b`.
 */
export function distillationGradients(
  distillation: Distillation,
  params: { readonly teacher: Params; readonly student: Params },
  batch: BatchTensors,
  dropout?: DropoutKey,
): LossTensors & { readonly gradients: Gradients } {
  const names = trainableParameters(distillation);
  const target = batch.target ?? distillationTarget(distillation, params.teacher, batch.teacherIds);
  let kept: tf.Scalar[] = [];
  const objective = (...values: tf.Tensor[]): tf.Scalar => {
    const student = { ...params.student, ...Object.fromEntries(names.map((name, i) => [name, values[i]!])) };
    const { lossEn, lossKo } = lossesOf(studentOutputs(distillation, student, batch, dropout), target, batch.weights);
    kept = [tf.keep(lossEn), tf.keep(lossKo)]; // otherwise disposed of with the tape
    return tf.add(lossEn, lossKo);
  };
  try {
    const { value, grads } = tf.valueAndGrads(objective)(names.map((name) => params.student[name]!));
    tf.dispose([value, target]);
    const [lossEn, lossKo] = kept.map((loss) => tf.clone(loss)) as [tf.Scalar, tf.Scalar];
    return { lossEn, lossKo, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) };
  } finally {
    tf.dispose(kept);
  }
}

/**
 * The Euclidean norm of all gradients taken as one vector. `addN` is not used: with nine or more values, TensorFlow's
 * starts with whichever it may overwrite, so that norms of equal gradients differ in their last digit.
 */
export function globalNorm(gradients: Gradients): tf.Scalar {
  return tf.tidy(() => {
    const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)));
    return tf.sqrt(tf.sum<tf.Scalar>(tf.stack(squares)));
  });
}

/** The factor that limits the gradients' norm to `maxNorm` (Pascanu et al., arXiv 1211.5063). */
export function clipFactor(norm: tf.Scalar, maxNorm: number): tf.Scalar {
  return tf.tidy(() => tf.minimum(tf.div(maxNorm, tf.add(norm, NORM_EPSILON)), 1));
}
