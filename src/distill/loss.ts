/**
 * @file The distillation loss (Reimers and Gurevych, arXiv 2004.09813): compares the student's embeddings of an English
 * sentence and of its Korean translation with the teacher's embedding of the English sentence.
 */
import { sizeOf } from '../base/shape.js';
import tf from '../base/tfjs.cjs';
import { customGradient } from '../models/custom-gradient.js';
import type { DropoutKey } from '../models/dropout.js';
import type { EncoderOutput, Packing, Params, TextEncoder } from '../models/text-encoder.js';
import type { LossName } from './choices.js';

/** Teacher, student and loss. */
export interface Distillation {
  readonly teacher: TextEncoder;
  readonly student: TextEncoder;
  readonly loss: LossName;
}

/** A batch as tensors. */
export interface BatchTensors {
  /** `[B, L]` int32. */
  readonly teacherIds: tf.Tensor2D;
  /**
   * The student's English texts, then its Korean ones: `[2B, L]` int32, cut to fewer positions if padding is shared, or
   * packed into fewer rows.
   */
  readonly studentIds: tf.Tensor2D;
  /** Where the texts are, if several share a row. */
  readonly packing?: Packing | undefined;
  /** Weight of each pair, `[B]` float32: 1 over the pairs of its step, 0 for rows that only fill the batch. */
  readonly weights: tf.Tensor1D;
  /** The teacher's outputs, `[B, L, D]` or `[B, D]`, if they are given rather than computed. */
  readonly target?: tf.Tensor | undefined;
}

/** The student's outputs for a batch, each `[B, L, D]` or `[B, D]`. */
export interface StudentOutputs {
  readonly english: tf.Tensor;
  readonly korean: tf.Tensor;
}

/** The two mean squared errors of a batch, as scalars: this batch's part of its step's. */
export interface LossTensors {
  readonly lossEn: tf.Scalar;
  readonly lossKo: tf.Scalar;
}

/**
 * Differences below this share of the teacher's mean magnitude count as zero: two float32 computations of the same
 * value differ by that much. So a student that starts as a copy of its teacher gets no gradient from English, as in
 * exact arithmetic. Otherwise Adam's division by the root of its second moment would turn rounding noise into full
 * steps.
 */
const ROUNDING_NOISE = 2 ** -16;

const embedding = (loss: LossName, output: EncoderOutput): tf.Tensor =>
  loss === 'hidden' ? output.lastHiddenState : output.poolerOutput;

/** The names of the student's parameters that the loss reaches; the others are not trained. */
export function trainableParameters({ student, loss }: Distillation): string[] {
  return Object.keys(student.shapes).filter((name) => loss === 'pooler' || !student.isPooler(name));
}

/** The student's target for both languages: the teacher's embedding of the English sentences. */
export function distillationTarget(
  { teacher, loss }: Distillation,
  teacherParams: Params,
  teacherIds: tf.Tensor2D,
): tf.Tensor {
  return tf.tidy(() => embedding(loss, teacher.forward(teacherParams, teacherIds)));
}

/** The shape of the compared outputs, for `rows` sentences of `length` tokens. */
export function targetShape({ student, loss }: Distillation, rows: number, length: number): number[] {
  return loss === 'hidden' ? [rows, length, student.width] : [rows, student.width];
}

/**
 * The student's outputs for both languages, computed as one batch.
 *
 * @param dropout present in training
 */
export function studentOutputs(
  { student, loss }: Distillation,
  studentParams: Params,
  batch: BatchTensors,
  dropout?: DropoutKey,
): StudentOutputs {
  const { studentIds, packing } = batch;
  const [size, fullLength] = batch.teacherIds.shape;
  const options = { dropout, fullLength, packing };
  const output = embedding(loss, student.forward(studentParams, studentIds, options)); // [2B, …]
  const shape = [size, ...output.shape.slice(1)]; // [B, …]
  const starts = shape.slice(1).map(() => 0);
  return { english: tf.slice(output, [0, ...starts], shape), korean: tf.slice(output, [size, ...starts], shape) };
}

/**
 * Both losses of a batch. A pair's loss is the mean over its values, multiplied by its weight.
 *
 * @param target `[B, …]`, from `distillationTarget`
 * @param weights `[B]`
 */
export function lossesOf({ english, korean }: StudentOutputs, target: tf.Tensor, weights: tf.Tensor1D): LossTensors {
  const floor = tf.mul<tf.Scalar>(tf.mean(tf.abs(target)), ROUNDING_NOISE);
  return {
    lossEn: meanSquaredError(english, target, floor, weights),
    lossKo: meanSquaredError(korean, target, floor, weights),
  };
}

function meanSquaredError(student: tf.Tensor, teacher: tf.Tensor, floor: tf.Scalar, weights: tf.Tensor1D): tf.Scalar {
  const difference = withoutNoise(tf.sub(student, teacher), floor);
  return tf.sum(tf.mul(meanSquares(difference), weights));
}

/**
 * The mean of a pair's squared values. `[B, …] → [B]`
 *
 * Its gradient is that of `tf.mean` and `tf.square`, without the ones that tfjs multiplies by, as many as there are
 * values.
 */
function meanSquares(values: tf.Tensor): tf.Tensor1D {
  const [pairs, ...rest] = values.shape as [number, ...number[]];
  const axes = rest.map((_, axis) => axis + 1);
  return customGradient(
    [values],
    (x) => ({ value: tf.mean<tf.Tensor1D>(tf.square(x), axes), saved: [x] }),
    (dy, x) => {
      const share = tf.div(tf.reshape(dy, [pairs, ...axes.map(() => 1)]), sizeOf(rest)); // [B, 1, …]
      return [tf.mul(share, tf.mul(x, 2))];
    },
  );
}

/** Sets differences up to `floor` to 0, with zero gradient. */
function withoutNoise(difference: tf.Tensor, floor: tf.Scalar): tf.Tensor {
  return customGradient(
    [difference],
    (x) => {
      const isSignificant = tf.cast(tf.greater(tf.abs(x), floor), 'float32');
      return { value: tf.mul(x, isSignificant), saved: [isSignificant] };
    },
    (dy, isSignificant) => [tf.mul(dy, isSignificant)],
  );
}
