import tf from '../base/tfjs.cjs';

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
        // in float32, which holds every id exactly: on a GPU, TensorFlow computes int32 in the host's memory
        const flatIds = tf.cast(tf.reshape(saved[0]!, [ids.size]), 'float32'); // [N]
        const isPadding = tf.cast(tf.equal(flatIds, paddingId), 'float32'); // [N]
        const counted = tf.sub<tf.Tensor1D>(flatIds, tf.mul(isPadding, paddingId + 1)); // [N], −1 for padding
        const segments = tf.cast(counted, 'int32');
        return tf.unsortedSegmentSum(tf.reshape(dy, [ids.size, width]), segments, rows); // ignores negative ids
      },
    };
  });
  return lookUp(table) as tf.Tensor3D;
}
