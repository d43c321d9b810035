import * as tf from '@tensorflow/tfjs-core';

/**
 * `tf.tidy` for results of any type: tensors found in the result, at any depth, survive; all others made on the way are
 * freed. (tfjs's own typing knows only objects with index signatures.)
 */
export function tidy<T extends object>(work: () => T): T {
  return tf.tidy(work as unknown as () => tf.TensorContainer) as unknown as T;
}
