import tf from '../base/tfjs.cjs';
import { hash32 } from '../base/philox.js';
import { customGradient } from './custom-gradient.js';
import type { DropoutPadding } from './dropout-padding.js';

/** What a dropout mask depends on, besides its place in the model. */
export interface DropoutKey {
  /** The run's seed. */
  readonly seed: number;
  /** The step and micro-batch of the mask: an int32 scalar, so that it can be fed to a recorded graph. */
  readonly step: tf.Scalar;
  /** Overrides every rate of the model's configuration. */
  readonly rate?: number | undefined;
  /** Default: `each`. */
  readonly padding?: DropoutPadding | undefined;
}

/** The dropout settings of a model, independent of the step. */
export type DropoutChoice = Pick<DropoutKey, 'rate' | 'padding'>;

/** The kernel behind `statelessUniform`; each backend registers its own. */
export const STATELESS_UNIFORM = 'StatelessRandomUniform';

/**
 * Uniform float32 numbers in [0, 1), a pure function of the seed: the same on every backend.
 *
 * @param seed `[2]` int32
 */
export function statelessUniform(shape: readonly number[], seed: tf.Tensor1D): tf.Tensor {
  return tf.engine().runKernel<tf.Tensor>(STATELESS_UNIFORM, { seed }, { shape: [...shape] });
}

/**
 * Inverted dropout (Srivastava et al., 2014, scaled as in PyTorch): sets a share `rate` of the values to zero and
 * scales the others by `1 / (1 - rate)`. Without a key, or at rate 0, it is the identity.
 *
 * `tf.dropout` is not used because it draws its mask in JavaScript, from global state.
 *
 * @param place the name of this place in the model: each place has different masks for the same key
 * @param share equalises the random numbers, which have the shape of `x`, where values share a mask
 */
export function dropout<T extends tf.Tensor>(
  x: T,
  rate: number,
  place: string,
  key?: DropoutKey,
  share: (drawn: tf.Tensor) => tf.Tensor = (drawn) => drawn,
): T {
  const p = key?.rate ?? rate;
  if (key === undefined || p === 0) return x;
  const masked = (values: T, kept: tf.Tensor): T => tf.mul(values, tf.mul(tf.cast(kept, 'float32'), 1 / (1 - p)));
  return customGradient(
    [x],
    (input) => {
      const seed = tf.stack([tf.scalar(hash32(`${key.seed}/${place}`), 'int32'), key.step]) as tf.Tensor1D; // [2]
      const kept = tf.greaterEqual(share(statelessUniform(x.shape, seed)), p);
      return { value: masked(input, kept), saved: [kept] }; // one byte per value; the factors would take four
    },
    (dy, kept) => [masked(dy, kept)],
  );
}
