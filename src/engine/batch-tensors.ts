import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches.js';
import type { BatchTensors } from '../distill/loss.js';

/** A batch in the form that a step takes: always of the same number of rows. */
export interface PaddedBatch {
  /** `[rows, L]` int32, row-major, as the other two. */
  readonly teacherIds: Int32Array;
  readonly studentIdsEn: Int32Array;
  readonly studentIdsKo: Int32Array;
  /** `[rows]`: 1 / pairs for a pair, 0 for a row that fills the batch up. */
  readonly weights: Float32Array;
}

/**
 * Fills a batch up with rows of zeros that do not count, so that a smaller one runs through the same recorded graph and
 * meets the same dropout masks.
 *
 * @param pairs the pairs of the whole step, by which each pair's loss is divided
 */
export function padBatch(batch: Batch, rows: number, pairs: number): PaddedBatch {
  if (batch.size > rows) throw new Error(`a batch of ${batch.size} pairs in an engine for ${rows}`);
  const length = batch.teacherIds.length / batch.size;
  const padded = (ids: Int32Array): Int32Array => {
    if (batch.size === rows) return ids;
    const full = new Int32Array(rows * length);
    full.set(ids);
    return full;
  };
  return {
    teacherIds: padded(batch.teacherIds),
    studentIdsEn: padded(batch.studentIdsEn),
    studentIdsKo: padded(batch.studentIdsKo),
    weights: new Float32Array(rows).fill(1 / pairs, 0, batch.size),
  };
}

/** A padded batch as tensors, which the caller owns. */
export function batchTensors(batch: Batch, rows: number, pairs: number): BatchTensors {
  const { teacherIds, studentIdsEn, studentIdsKo, weights } = padBatch(batch, rows, pairs);
  const ids = (values: Int32Array): tf.Tensor2D => tf.tensor2d(values, [rows, values.length / rows], 'int32');
  return { teacherIds: ids(teacherIds), studentIdsEn: ids(studentIdsEn), studentIdsKo: ids(studentIdsKo), weights: tf.tensor1d(weights) };
}
