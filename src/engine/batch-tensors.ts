import tf from '../base/tfjs.cjs';
import type { Batch } from '../data/batches.js';
import type { BatchTensors } from '../distill/loss.js';
import type { ArrangedTexts } from './text-layouts.js';

/** What a step takes of a batch besides the student's texts, always with the same number of rows. */
export interface PaddedBatch {
  /** `[rows, L]` int32, row-major. */
  readonly teacherIds: Int32Array;
  /** `[rows]`: 1 / pairs for a pair, 0 for a filler row. */
  readonly weights: Float32Array;
  /** `[rows, …]`, if the teacher's outputs came with the batch. */
  readonly target?: Float32Array | undefined;
}

/**
 * Pads a batch with rows of zeros that do not count, so that a smaller batch runs through the same recorded graph and
 * gets the same dropout masks.
 *
 * @param pairs the number of pairs in the whole step, by which each pair's loss is divided
 * @param hasGivenTargets whether the teacher's outputs must come with the batch
 */
export function padBatch(batch: Batch, rows: number, pairs: number, hasGivenTargets: boolean): PaddedBatch {
  if (batch.size > rows) throw new Error(`a batch of ${batch.size} pairs in an engine for ${rows}`);
  if (hasGivenTargets && batch.target === undefined)
    throw new Error("a batch without the teacher's outputs, in an engine that is given them");
  return {
    teacherIds: padRows(batch.teacherIds, batch.size, rows),
    weights: new Float32Array(rows).fill(1 / pairs, 0, batch.size),
    target: hasGivenTargets ? padRows(batch.target!, batch.size, rows) : undefined,
  };
}

function padRows<T extends Int32Array | Float32Array>(values: T, size: number, rows: number): T {
  if (size === rows) return values;
  const padded = new (values.constructor as new (length: number) => T)((values.length / size) * rows);
  padded.set(values);
  return padded;
}

/**
 * A padded batch as tensors, which the caller owns.
 *
 * @param student the student's texts, one in each row
 * @param targetShape the shape of the teacher's outputs, if they came with the batch
 */
export function batchTensors(
  { teacherIds, weights, target }: PaddedBatch,
  { ids, layout }: ArrangedTexts,
  targetShape?: readonly number[],
): BatchTensors {
  const rows = weights.length;
  return {
    teacherIds: tf.tensor2d(teacherIds, [rows, teacherIds.length / rows], 'int32'),
    studentIds: tf.tensor2d(ids, [layout.rows, layout.length], 'int32'),
    weights: tf.tensor1d(weights),
    target: targetShape && tf.tensor(target!, [...targetShape]),
  };
}
