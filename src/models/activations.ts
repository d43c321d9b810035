import * as tf from '@tensorflow/tfjs-core';
import type { Activation } from './config.js';

const QUICK_GELU_SLOPE = 1.702;
const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);
const SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);

/** An activation with an explicit gradient, so that only its input is kept for the backward pass. */
function withGradient(
  value: (x: tf.Tensor) => tf.Tensor,
  slope: (x: tf.Tensor) => tf.Tensor,
): (x: tf.Tensor2D) => tf.Tensor2D {
  const activation = tf.customGrad((x, save) => {
    const input = x as tf.Tensor;
    (save as tf.GradSaveFunc)([input]);
    return {
      value: value(input),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, slope(saved[0]!)),
    };
  });
  return (x) => activation(x) as tf.Tensor2D;
}

/** The standard normal CDF, `(1 + erf(x / √2)) / 2`. */
const normalCdf = (x: tf.Tensor): tf.Tensor => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
const normalPdf = (x: tf.Tensor): tf.Tensor => tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), INVERSE_SQRT_TWO_PI);

/** `x Φ(x)` (Hendrycks and Gimpel, arXiv 1606.08415), exact. */
const gelu = withGradient(
  (x) => tf.mul(x, normalCdf(x)),
  (x) => tf.add(normalCdf(x), tf.mul(x, normalPdf(x))),
);

/** `x σ(1.702 x)`, the approximation CLIP was trained with. */
const quickGelu = withGradient(
  (x) => tf.mul(x, tf.sigmoid(tf.mul(x, QUICK_GELU_SLOPE))),
  (x) => {
    const gate = tf.sigmoid(tf.mul(x, QUICK_GELU_SLOPE));
    return tf.add(gate, tf.mul(tf.mul(x, QUICK_GELU_SLOPE), tf.mul(gate, tf.sub(1, gate))));
  },
);

/** `x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`, the tanh approximation of GELU. */
function geluTanh(x: tf.Tensor2D): tf.Tensor2D {
  const cubic = tf.mul(tf.mul(tf.square(x), x), 0.044715);
  const gate = tf.tanh(tf.mul(tf.add(x, cubic), SQRT_TWO_OVER_PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(gate, 1));
}

const silu = (x: tf.Tensor2D): tf.Tensor2D => tf.mul(x, tf.sigmoid(x));

/** Activations by the names that `config.json` uses. */
export const activations: Readonly<Record<Activation, (x: tf.Tensor2D) => tf.Tensor2D>> = {
  gelu,
  quick_gelu: quickGelu,
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  relu: (x) => tf.relu(x),
  silu,
  swish: silu,
};
