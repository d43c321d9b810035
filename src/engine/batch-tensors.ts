import tf from '../base/tfjs.cjs';
import type { Batch } from '../data/batches.js';
import type { BatchTensors } from '../distill/loss.js';
import { cutTexts } from './text-lengths.js';

/** A batch padded for a step, always with the same number of rows. */
export interface PaddedBatch {
  /** `[rows, L]` int32, row-major. */
  readonly teacherIds: Int32Array;
  /** `[rows, studentLength]`, row-major, like the Korean ids. */
  readonly studentIdsEn: Int32Array;
  readonly studentIdsKo: Int32Array;
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
 * @param studentLength the length to which the student's texts are cut
 * @param hasGivenTargets whether the teacher's outputs must come with the batch
 */
export function padBatch(
  batch: Batch,
  rows: number,
  pairs: number,
  studentLength: number,
  hasGivenTargets: boolean,
): PaddedBatch {
  if (batch.size > rows) throw new Error(`a batch of ${batch.size} pairs in an engine for ${rows}`);
  if (hasGivenTargets && batch.target === undefined)
    throw new Error("a batch without the teacher's outputs, in an engine that is given them");
  const studentIds = (ids: Int32Array): Int32Array =>
    padRows(cutTexts(ids, ids.length / batch.size, studentLength), batch.size, rows);
  return {
    teacherIds: padRows(batch.teacherIds, batch.size, rows),
    studentIdsEn: studentIds(batch.studentIdsEn),
    studentIdsKo: studentIds(batch.studentIdsKo),
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
 * @param targetShape the shape of the teacher's outputs, if they must come with the batch
 */
export function batchTensors(
  batch: Batch,
  rows: number,
  pairs: number,
  studentLength: number,
  targetShape?: readonly number[],
): BatchTensors {
  const hasGivenTargets = targetShape !== undefined;
  const { teacherIds, studentIdsEn, studentIdsKo, weights, target } = padBatch(
    batch,
    rows,
    pairs,
    studentLength,
    hasGivenTargets,
  );
  const ids = (values: Int32Array): tf.Tensor2D => tf.tensor2d(values, [rows, values.length / rows], 'int32');
  return {
    teacherIds: ids(teacherIds),
    studentIdsEn: ids(studentIdsEn),
    studentIdsKo: ids(studentIdsKo),
    weights: tf.tensor1d(weights),
    target: targetShape && tf.tensor(target!, [...targetShape]),
  };
}
