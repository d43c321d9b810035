/**
 * @file Evaluates a batch: its losses, and how much the outputs of different sentences differ.
 *
 * A student that gives nearly the same output for every sentence has collapsed: it is useless, however good its loss.
 * Two numbers show this, compared with the teacher's for the same sentences: the variance of the outputs over the
 * sentences, and the mean cosine similarity between outputs of different sentences.
 *
 * Axes: `B` sentences; `…` is `L, D` for all hidden states, `D` for pooled outputs.
 */
import tf from '../base/tfjs.cjs';
import type { Params } from '../models/text-encoder.js';
import { lossesOf, studentOutputs, type BatchTensors, type Distillation } from './loss.js';
import type { Losses } from './losses.js';

/** How much the outputs of a batch's sentences differ. */
export interface OutputStatistics {
  /** The variance over sentences, averaged over all values of an output. */
  readonly variance: number;
  /**
   * The mean cosine similarity between outputs of different sentences, each taken as one vector; NaN for a single
   * sentence.
   */
  readonly similarity: number;
}

/** The evaluation of a batch. */
export interface Evaluation extends Losses {
  /** The student's statistics, averaged over English and Korean. */
  readonly student: OutputStatistics;
  readonly teacher: OutputStatistics;
  /** The mean of the teacher's outputs over the batch, `[…]`, row-major. */
  readonly teacherMean: Float32Array;
}

/** How many numbers precede the mean in the result of `evaluationTensor`. */
const SCALARS = 8;

/**
 * Everything about a batch in one vector, so that a graph needs only one fetch: both losses; variance and alignment of
 * English, Korean and teacher; the teacher's mean. `readEvaluation` unpacks it.
 *
 * @param batch its weights must add up to 1
 * @param target `[B, …]`
 */
export function evaluationTensor(
  distillation: Distillation,
  studentParams: Params,
  batch: BatchTensors,
  target: tf.Tensor,
): tf.Tensor1D {
  const outputs = studentOutputs(distillation, studentParams, batch);
  const { lossEn, lossKo } = lossesOf(outputs, target, batch.weights);
  const spreads = [outputs.english, outputs.korean, target].map((values) => spreadOf(values, batch.weights));
  const scalars = spreads.flatMap(({ variance, alignment }) => [variance, alignment]);
  return tf.concat([tf.stack([lossEn, lossKo, ...scalars]), tf.reshape(spreads[2]!.mean, [-1])], 0) as tf.Tensor1D;
}

/**
 * Unpacks the result of `evaluationTensor`.
 *
 * @param size the number of sentences in the batch, without rows that only fill it
 */
export function readEvaluation(values: Float32Array, size: number): Evaluation {
  const statisticsAt = (at: number): OutputStatistics => ({
    variance: values[at]!,
    similarity: similarityOf(values[at + 1]!, size),
  });
  const [english, korean, teacher] = [statisticsAt(2), statisticsAt(4), statisticsAt(6)];
  const student = {
    variance: (english.variance + korean.variance) / 2,
    similarity: (english.similarity + korean.similarity) / 2,
  };
  return { lossEn: values[0]!, lossKo: values[1]!, student, teacher, teacherMean: values.slice(SCALARS) };
}

/** Minimum length assumed for a vector, as rows that only fill a batch may be all zeros. */
const MIN_NORM = 1e-12;

/**
 * The weighted mean of outputs, `[…]`; their variance, averaged over all values; and their alignment `|Σ wᵢ xᵢ /
 * |xᵢ||²`, which is the weighted mean of all cosine similarities, including each sentence with itself.
 */
function spreadOf(
  outputs: tf.Tensor,
  weights: tf.Tensor1D,
): { mean: tf.Tensor; variance: tf.Scalar; alignment: tf.Scalar } {
  const [size, ...rest] = outputs.shape as [number, ...number[]];
  const inner = rest.map((_, axis) => axis + 1);
  const column = (values: tf.Tensor): tf.Tensor => tf.reshape(values, [size, ...rest.map(() => 1)]); // [B, 1, …]
  const mean = tf.sum(tf.mul(outputs, column(weights)), 0, true); // [1, …]
  const deviations = tf.mean(tf.square(tf.sub(outputs, mean)), inner); // [B]
  const lengths = tf.maximum(tf.sqrt(tf.sum(tf.square(outputs), inner)), MIN_NORM); // [B]
  const direction = tf.sum(tf.mul(outputs, column(tf.div(weights, lengths))), 0); // […]
  return { mean, variance: tf.sum(tf.mul(deviations, weights)), alignment: tf.sum(tf.square(direction)) };
}

/**
 * The mean over pairs of different sentences, from the mean over all pairs: a sentence's similarity with itself is 1.
 */
function similarityOf(alignment: number, size: number): number {
  return size < 2 ? NaN : (size * alignment - 1) / (size - 1);
}

/**
 * A student has collapsed if its outputs vary less than this share of the teacher's.
 *
 * Measured with the tiny models on the sample corpus, 300 steps of 32 pairs, as shares of the teacher's variance, with
 * loss on all hidden states / on pooled outputs. Untrained: 0.09 / 0.006. Learning rate 1e-3 (well trained): 0.27 to
 * 0.47 / 0.13 to 0.31; 1e-2: 0.19 to 0.35 / 0.07 to 0.18. Collapsed: 3e-2: 4e-9 to 5e-9 / 5e-8 at step 100, 9e-4 at
 * 200, recovered at 300 (0.10); 1e-1: 1e-6 to 5e-6 / 4e-13 to 6e-13; 1: 7e-8 to 5e-6 / not measured. So the threshold
 * is below an untrained student and above collapsed ones.
 */
const COLLAPSED_SHARE = 0.005;

/** Whether a student has collapsed. */
export function isCollapsed(student: OutputStatistics, teacher: OutputStatistics): boolean {
  return student.variance < COLLAPSED_SHARE * teacher.variance;
}
