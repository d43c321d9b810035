/**
 * @file The distillation loss (Reimers and Gurevych, arXiv 2004.09813): the student's embedding of an English
 * sentence, and of its Korean translation, against the teacher's embedding of the English one.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { DropoutKey } from '../models/dropout.js';
import type { EncoderOutput, Params, TextEncoder } from '../models/text-encoder.js';

/** What is compared: all last hidden states `[B, L, D]`, or the pooled outputs `[B, D]`. */
export const LOSSES = ['hidden', 'pooler'] as const;
export type LossName = (typeof LOSSES)[number];

/** Who learns what from whom. */
export interface Distillation {
  readonly teacher: TextEncoder;
  readonly student: TextEncoder;
  readonly loss: LossName;
}

/** The token ids of a batch, each `[B, L]` int32. */
export interface BatchTensors {
  readonly teacherIds: tf.Tensor2D;
  readonly studentIdsEn: tf.Tensor2D;
  readonly studentIdsKo: tf.Tensor2D;
}

/** The two mean squared errors of a batch, as scalars. */
export interface LossTensors {
  readonly lossEn: tf.Scalar;
  readonly lossKo: tf.Scalar;
}

const embedding = (loss: LossName, output: EncoderOutput): tf.Tensor =>
  loss === 'hidden' ? output.lastHiddenState : output.poolerOutput;

/** The names of the student's parameters that the loss reaches; the others are left as they are. */
export function trainableParameters({ student, loss }: Distillation): string[] {
  return Object.keys(student.shapes).filter((name) => loss === 'pooler' || !student.isPooler(name));
}

/** What the student should say for both languages: the teacher's embedding of the English sentences. */
export function distillationTarget({ teacher, loss }: Distillation, teacherParams: Params, teacherIds: tf.Tensor2D): tf.Tensor {
  return tf.tidy(() => embedding(loss, teacher.forward(teacherParams, teacherIds)));
}

/**
 * Both losses of a batch: a mean over all its values each. English and Korean go through the student as one batch.
 *
 * @param target `[B, L, D]` or `[B, D]`, from `distillationTarget`
 * @param dropout present in training
 */
export function distillationLosses(
  { student, loss }: Distillation,
  studentParams: Params,
  batch: BatchTensors,
  target: tf.Tensor,
  dropout?: DropoutKey,
): LossTensors {
  const ids = tf.concat([batch.studentIdsEn, batch.studentIdsKo], 0); // [2B, L]
  const output = embedding(loss, student.forward(studentParams, ids, { dropout })); // [2B, …]
  const [size, ...rest] = target.shape as [number, ...number[]];
  const starts = rest.map(() => 0);
  const english = tf.slice(output, [0, ...starts], [size, ...rest]);
  const korean = tf.slice(output, [size, ...starts], [size, ...rest]);
  return { lossEn: meanSquaredError(english, target), lossKo: meanSquaredError(korean, target) };
}

function meanSquaredError(student: tf.Tensor, teacher: tf.Tensor): tf.Scalar {
  return tf.mean(tf.squaredDifference(student, teacher));
}
