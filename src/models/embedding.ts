import * as tf from '@tensorflow/tfjs-core';

/**
 * Rows of an embedding table. `[V, D], [B, L] → [B, L, D]`
 *
 * @param paddingId a row that is looked up normally but gets no gradient, as PyTorch's `padding_idx`
 */
export function embedding(table: tf.Tensor, ids: tf.Tensor2D, paddingId: number): tf.Tensor3D {
  const [rows, width] = table.shape as [number, number];
  const lookUp = tf.customGrad((weights, save) => {
    (save as tf.GradSaveFunc)([ids]);
    return {
      value: tf.gather(weights as tf.Tensor, ids),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const flatIds = tf.reshape<tf.Rank.R1>(saved[0]!, [ids.size]); // [N]
        const isPadding = tf.cast(tf.equal(flatIds, tf.scalar(paddingId, 'int32')), 'int32'); // [N]
        // [N], −1 for padding
        const counted = tf.sub<tf.Tensor1D>(flatIds, tf.mul(isPadding, tf.scalar(paddingId + 1, 'int32')));
        return tf.unsortedSegmentSum(tf.reshape(dy, [ids.size, width]), counted, rows); // ignores negative ids
      },
    };
  });
  return lookUp(table) as tf.Tensor3D;
}
