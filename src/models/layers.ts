/** @file The layers shared by both model families. Letters: see text-encoder.ts; `N = B · L` rows. */
import tf from '../base/tfjs.cjs';
import { customGradient } from './custom-gradient.js';
import { dropout, type DropoutKey } from './dropout.js';
import type { Params, Shapes } from './text-encoder.js';

/** Subtracted from the score of a masked pair: far larger than any score, so that softmax gives exactly 0. */
export const MASKED = 1e9;

/**
 * `x Wᵀ + b`, with the weight `[Out, In]` as on the hub. `[N, In] → [N, Out]`
 *
 * The gradient is explicit because tfjs sums the bias's gradient in a pass over `dy` that takes as long as several
 * matrix products.
 */
export function linear(x: tf.Tensor2D, params: Params, name: string): tf.Tensor2D {
  return customGradient(
    [x, params[`${name}.weight`] as tf.Tensor2D, params[`${name}.bias`] as tf.Tensor1D],
    (input, weight, bias) => ({
      value: tf.add<tf.Tensor2D>(tf.matMul(input, weight, false, true), bias),
      saved: [input, weight],
    }),
    (dy, input, weight) => [
      tf.matMul(dy, weight), // [N, In]
      tf.matMul(dy, input, true), // [Out, In]
      columnSums(dy), // [Out]
    ],
  );
}

/** The shapes of a linear layer's parameters. */
export function linearShapes(name: string, out: number, into: number): Shapes {
  return { [`${name}.weight`]: [out, into], [`${name}.bias`]: [out] };
}

/**
 * Sums over the rows, as a product with a vector of ones, which is several times faster than a reduction. `[N, D] →
 * [D]`
 */
function columnSums(x: tf.Tensor2D): tf.Tensor1D {
  const [rows, columns] = x.shape;
  return tf.reshape(tf.matMul(tf.ones<tf.Rank.R2>([1, rows]), x), [columns]);
}

/**
 * LayerNorm over the last axis (Ba et al., arXiv 1607.06450), epsilon inside the root. `[N, D] → [N, D]`
 *
 * The gradient is explicit, so that only the normalised values and the reciprocal standard deviation are kept for it.
 */
export function layerNorm(x: tf.Tensor2D, params: Params, name: string, epsilon: number): tf.Tensor2D {
  return customGradient(
    [x, params[`${name}.weight`] as tf.Tensor1D, params[`${name}.bias`] as tf.Tensor1D],
    (input, weight, bias) => {
      const centred = tf.sub<tf.Tensor2D>(input, tf.mean(input, -1, true)); // [N, D]
      const scale = tf.rsqrt(tf.add<tf.Tensor2D>(tf.mean(tf.square(centred), -1, true), epsilon)); // [N, 1]
      const normalised = tf.mul<tf.Tensor2D>(centred, scale); // [N, D]
      return {
        value: tf.add<tf.Tensor2D>(tf.mul(normalised, weight), bias),
        saved: [normalised, scale, weight],
      };
    },
    layerNormGradients,
  );
}

/** The shapes of a LayerNorm's parameters. */
export function normShapes(name: string, width: number): Shapes {
  return { [`${name}.weight`]: [width], [`${name}.bias`]: [width] };
}

/** Gradients of LayerNorm for its input `[N, D]`, weight `[D]` and bias `[D]`. */
function layerNormGradients(
  dy: tf.Tensor2D,
  normalised: tf.Tensor2D,
  scale: tf.Tensor2D,
  weight: tf.Tensor1D,
): tf.Tensor[] {
  const direct = tf.mul(dy, weight); // [N, D]
  const alongMean = tf.mean(direct, -1, true); // [N, 1]
  const alongValue = tf.mul(normalised, tf.mean(tf.mul(direct, normalised), -1, true)); // [N, D]
  const dx = tf.mul(scale, tf.sub(tf.sub(direct, alongMean), alongValue)); // [N, D]
  return [dx, columnSums(tf.mul(dy, normalised)), columnSums(dy)];
}

/** Names and settings of one self-attention block. */
export interface AttentionBlock {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly heads: number;
  readonly dropoutRate: number;
  readonly dropoutPlace: string;
}

/** The inputs of attention besides its rows: the batch's shape, terms added to the scores, the dropout key. */
export interface AttentionContext {
  readonly batch: number;
  readonly length: number;
  /** Subtracted from the scores; broadcasts to `[B, H, L, L]`. */
  readonly penalty?: tf.Tensor4D | undefined;
  /** Added to the scores; broadcasts like the penalty. */
  readonly bonus?: tf.Tensor4D | undefined;
  readonly dropout?: DropoutKey | undefined;
  /** Equalises the random numbers that dropout draws for the weights, `[B, H, L, L]`, where they share a mask. */
  readonly share?: ((drawn: tf.Tensor) => tf.Tensor) | undefined;
}

/** Multi-head self-attention (Vaswani et al., arXiv 1706.03762), without its output projection. `[N, D] → [N, D]` */
export function selfAttention(
  x: tf.Tensor2D,
  params: Params,
  block: AttentionBlock,
  context: AttentionContext,
): tf.Tensor2D {
  const { batch, length } = context;
  const { heads } = block;
  const width = x.shape[1];
  const split = (y: tf.Tensor2D): tf.Tensor4D =>
    tf.transpose(tf.reshape(y, [batch, length, heads, width / heads]), [0, 2, 1, 3]); // [B, H, L, K]

  const query = split(tf.mul(linear(x, params, block.query), 1 / Math.sqrt(width / heads)));
  const key = split(linear(x, params, block.key));
  const value = split(linear(x, params, block.value));

  const scores: tf.Tensor4D = tf.matMul(query, key, false, true); // [B, H, L, L]
  const raised = context.bonus === undefined ? scores : tf.add<tf.Tensor4D>(scores, context.bonus);
  const masked = context.penalty === undefined ? raised : tf.sub<tf.Tensor4D>(raised, context.penalty);
  const weights = dropout(tf.softmax(masked), block.dropoutRate, block.dropoutPlace, context.dropout, context.share);
  const mixed = tf.transpose(tf.matMul(weights, value), [0, 2, 1, 3]); // [B, L, H, K]
  return tf.reshape(mixed, [batch * length, width]);
}

/** The penalty of causal attention: no token attends to a later one. `[1, 1, L, L]` */
export function causalPenalty(length: number): tf.Tensor4D {
  const values = new Float32Array(length * length);
  for (let row = 0; row < length; row++) values.fill(MASKED, row * length + row + 1, (row + 1) * length);
  return tf.tensor4d(values, [1, 1, length, length]);
}

/** The penalty of an attention mask `[B, L]`: no token attends to padding. `[B, 1, 1, L]` */
export function paddingPenalty(attentionMask: tf.Tensor2D): tf.Tensor4D {
  const [batch, length] = attentionMask.shape;
  return tf.reshape(tf.mul(tf.sub(1, attentionMask), MASKED), [batch, 1, 1, length]);
}
