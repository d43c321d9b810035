/**
 * @file Computes several texts in one row.
 *
 * Texts differ in length, so a batch with a row for each is mostly padding. Where the padding of a text is the same at
 * every position (`padding.ts`), one position stands for all of it, and a text takes only as many positions as it has
 * tokens, and one. Several such texts share a row: none attends to another, and each counts its positions from its own
 * start. Outputs and gradients are those of texts in rows of their own, in exact arithmetic.
 *
 * Shapes: `T` texts of `F` positions each, in `R` rows of `L`; `N = R · L`.
 */
import tf from '../base/tfjs.cjs';
import { customGradient } from './custom-gradient.js';
import { MASKED } from './layers.js';
import type { Packing } from './text-encoder.js';

/**
 * What is added to the scores of attention: positions attend only to their own text, and the one that stands for `n`
 * counts `n` times as a key. `[R, 1, L, L]`, queries before keys
 */
export function packingBonus({ texts, logCounts }: Packing): tf.Tensor4D {
  const [rows, length] = texts.shape;
  const penalty = tf.mul(tf.sub(1, isSameText(texts)), MASKED); // [R, L, L]
  return tf.reshape(tf.sub(tf.reshape(logCounts, [rows, 1, length]), penalty), [rows, 1, length, length]);
}

/**
 * For every position, how many tokens its text has up to there, itself included.
 *
 * @param isToken 1 for tokens, 0 for padding. `[R, L]`
 * @returns `[R, L]` float32
 */
export function countInTexts(isToken: tf.Tensor2D, texts: tf.Tensor2D): tf.Tensor2D {
  const [rows, length] = isToken.shape;
  const earlier = tf.mul(isSameText(texts), upToQuery(length)); // [R, L, L]
  return tf.sum(tf.mul(earlier, tf.reshape(isToken, [rows, 1, length])), 2);
}

/** Hidden states of whole texts from those of rows. `[N, D] → [T, F, D]` */
export function unpackTexts(hidden: tf.Tensor2D, places: tf.Tensor2D): tf.Tensor3D {
  const [positions, width] = hidden.shape;
  const [texts, length] = places.shape;
  return customGradient(
    [hidden],
    (x) => ({ value: tf.gather<tf.Tensor>(x, places) as tf.Tensor3D, saved: [] }),
    (dy) => [
      tf.unsortedSegmentSum(tf.reshape(dy, [texts * length, width]), tf.reshape(places, [texts * length]), positions),
    ],
  );
}

/** 1 where query and key belong to the same text, 0 elsewhere. `[R, L] → [R, L, L]` */
function isSameText(texts: tf.Tensor2D): tf.Tensor3D {
  const [rows, length] = texts.shape;
  const isSame: tf.Tensor3D = tf.equal(tf.reshape(texts, [rows, length, 1]), tf.reshape(texts, [rows, 1, length]));
  return tf.cast(isSame, 'float32');
}

/** 1 for keys up to the query, 0 for later ones. `[L, L]` */
function upToQuery(length: number): tf.Tensor2D {
  const values = new Float32Array(length * length);
  for (let row = 0; row < length; row++) values.fill(1, row * length, row * length + row + 1);
  return tf.tensor2d(values, [length, length]);
}
