/**
 * @file Computes padding only once.
 *
 * RoBERTa gives all padding the same position id. Without dropout, the padding at the end of a text is therefore the
 * same at every position in every layer, and without a mask every token attends to all of it. One position can stand
 * for `n`: as a query it gives the output of each, and as a key it counts `n` times if `log n` is added to its score,
 * because `n · exp(s) = exp(s + log n)`. So texts can be cut to the longest of their batch without changing any output
 * or gradient (in exact arithmetic).
 *
 * With dropout the same holds if all padding of a text shares one mask: its values are dropped together, and so are the
 * attention weights on it.
 */
import tf from '../base/tfjs.cjs';
import { customGradient } from './custom-gradient.js';

/**
 * The bonus for scores of texts cut from `fullLength` to `length`: their last position stands for all positions that
 * were cut off. `[1, 1, 1, L]`; absent if nothing was cut.
 */
export function sharedPaddingBonus(length: number, fullLength: number): tf.Tensor4D | undefined {
  if (length === fullLength) return undefined;
  const values = new Float32Array(length);
  values[length - 1] = Math.log(fullLength - length + 1);
  return tf.tensor4d(values, [1, 1, 1, length]);
}

/** Expands hidden states of cut texts to all positions by repeating the last one. `[B, L, D] → [B, fullLength, D]` */
export function spreadSharedPadding(hidden: tf.Tensor3D, fullLength: number): tf.Tensor3D {
  const [batch, length, width] = hidden.shape;
  if (length === fullLength) return hidden;
  const repeats = fullLength - length + 1; // the positions that the last one stands for
  return customGradient(
    [hidden],
    (x) => {
      const last = tf.slice(x, [0, length - 1, 0], [batch, 1, width]); // [B, 1, D]
      const repeated = tf.mul<tf.Tensor3D>(last, tf.ones([1, repeats - 1, 1])); // [B, fullLength - L, D]
      return { value: tf.concat([x, repeated], 1), saved: [] };
    },
    (dy) => {
      const others = tf.slice(dy, [0, 0, 0], [batch, length - 1, width]); // [B, L - 1, D]
      const last = tf.slice(dy, [0, length - 1, 0], [batch, repeats, width]); // [B, repeats, D]
      return [tf.concat([others, tf.sum<tf.Tensor3D>(last, 1, true)], 1)]; // [B, L, D]
    },
  );
}

/** Equalises dropout's random numbers over the padding of each text, to those of its last position. */
export interface SharedMasks {
  /** `[N, D] → [N, D]`, N = B · L */
  readonly hidden: (drawn: tf.Tensor) => tf.Tensor;
  /** `[B, H, L, L] → [B, H, L, L]`, along the queries and along the keys */
  readonly scores: (drawn: tf.Tensor) => tf.Tensor;
}

/**
 * The functions that share masks over padding.
 *
 * @param isPadding 1 at padding, 0 elsewhere; a text's last position is padding if anything was cut off. `[B, L]`
 *   float32
 */
export function sharedMasks(isPadding: tf.Tensor2D): SharedMasks {
  const [batch, length] = isPadding.shape;
  const isToken = tf.sub(1, isPadding); // [B, L]

  /** Uses the last position's values along an axis wherever there is padding: one factor is 1, the other 0. */
  function alike(drawn: tf.Tensor, axis: number): tf.Tensor {
    const along = drawn.shape.map((size, i) => (i === 0 || i === axis ? size : 1));
    const begin = drawn.shape.map((_, i) => (i === axis ? length - 1 : 0));
    const size = drawn.shape.map((whole, i) => (i === axis ? 1 : whole));
    return tf.add(
      tf.mul(drawn, tf.reshape(isToken, along)),
      tf.mul(tf.slice(drawn, begin, size), tf.reshape(isPadding, along)),
    );
  }

  return {
    hidden: (drawn) => tf.reshape(alike(tf.reshape(drawn, [batch, length, drawn.shape[1]!]), 1), drawn.shape),
    scores: (drawn) => alike(alike(drawn, 2), 3),
  };
}
