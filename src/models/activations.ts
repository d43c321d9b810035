import tf from '../base/tfjs.cjs';
import type { Activation } from './config.js';
import { customGradient } from './custom-gradient.js';

const QUICK_GELU_SLOPE = 1.702;
const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);
const SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);

type Elementwise = (x: tf.Tensor2D) => tf.Tensor2D;

/** An activation with an explicit derivative, so that only its input is kept for the backward pass. */
const withDerivative =
  (value: Elementwise, derivative: Elementwise): Elementwise =>
  (x) =>
    customGradient(
      [x],
      (input) => ({ value: value(input), saved: [input] }),
      (dy, input) => [tf.mul(dy, derivative(input))],
    );

/** The standard normal CDF, `(1 + erf(x / √2)) / 2`. */
const normalCdf: Elementwise = (x) => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
const normalPdf: Elementwise = (x) => tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), INVERSE_SQRT_TWO_PI);

/** `x Φ(x)` (Hendrycks and Gimpel, arXiv 1606.08415), exact. */
const gelu = withDerivative(
  (x) => tf.mul(x, normalCdf(x)),
  (x) => tf.add(normalCdf(x), tf.mul(x, normalPdf(x))),
);

/** `x σ(1.702 x)`, the approximation CLIP was trained with. */
const quickGelu = withDerivative(
  (x) => tf.mul(x, tf.sigmoid(tf.mul(x, QUICK_GELU_SLOPE))),
  (x) => {
    const gate = tf.sigmoid(tf.mul(x, QUICK_GELU_SLOPE));
    return tf.add(gate, tf.mul(tf.mul(x, QUICK_GELU_SLOPE), tf.mul(gate, tf.sub(1, gate))));
  },
);

/** `x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`, the tanh approximation of GELU. */
const geluTanh: Elementwise = (x) => {
  const cubic = tf.mul(tf.mul(tf.square(x), x), 0.044715);
  const gate = tf.tanh(tf.mul(tf.add(x, cubic), SQRT_TWO_OVER_PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(gate, 1));
};

const silu: Elementwise = (x) => tf.mul(x, tf.sigmoid(x));

/** Activations by the names that `config.json` uses. */
export const activations: Readonly<Record<Activation, Elementwise>> = {
  gelu,
  quick_gelu: quickGelu,
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  relu: (x) => tf.relu(x),
  silu,
  swish: silu,
};
