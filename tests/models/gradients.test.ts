import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/engine/tensorflow.js';
import { activations } from '../../src/models/activations.js';
import { ACTIVATIONS } from '../../src/models/config.js';
import { layerNorm } from '../../src/models/layers.js';
import { randomNormal } from '../../src/random.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference } from '../fixtures/index.js';

/** Central differences in float32 are good for about three digits. */
const TOLERANCE = 5e-3;
const STEP = 1e-2;

/** `∂ sum(f(x) · weights) / ∂x`, by tfjs and by central differences. */
async function bothGradients(f: (x: tf.Tensor2D) => tf.Tensor, x: tf.Tensor2D): Promise<[ArrayLike<number>, number[]]> {
  const weights = tf.tensor(randomNormal(x.size, 1, [1, 2]), x.shape);
  const objective = (input: tf.Tensor2D): tf.Scalar => tf.sum(tf.mul(f(input), weights));
  const exact = await tf
    .grad((input) => objective(input as tf.Tensor2D))(x)
    .data();
  const values = await x.data();
  const numeric: number[] = [];
  for (let i = 0; i < x.size; i++) {
    const moved = (by: number): number => {
      const copy = Float32Array.from(values);
      copy[i] += by;
      return objective(tf.tensor2d(copy, x.shape)).dataSync()[0];
    };
    numeric.push((moved(STEP) - moved(-STEP)) / (2 * STEP));
  }
  return [exact, numeric];
}

describe.each(BACKENDS_UNDER_TEST)('gradients on %s', (backend) => {
  beforeAll(() => loadBackend(backend));

  it.each(ACTIVATIONS.filter((name) => name !== 'relu'))('%s has the slope of its curve', async (name) => {
    const x = tf.tensor2d(randomNormal(24, 2, [3, 4]), [4, 6]);
    const [exact, numeric] = await bothGradients(activations[name], x);
    expect(largestDifference(exact, numeric)).toBeLessThan(TOLERANCE);
  });

  it('LayerNorm has the gradient of its formula, for input, weight and bias', async () => {
    const x = tf.tensor2d(randomNormal(24, 2, [5, 6]), [4, 6]);
    const weight = tf.tensor1d(randomNormal(6, 1, [7, 8]));
    const bias = tf.tensor1d(randomNormal(6, 1, [9, 10]));
    const row = (vector: tf.Tensor2D): tf.Tensor1D => tf.reshape(vector, [6]);
    const cases: [tf.Tensor2D, (input: tf.Tensor2D) => tf.Tensor2D][] = [
      [x, (input) => layerNorm(input, { 'n.weight': weight, 'n.bias': bias }, 'n', 1e-5)],
      [
        tf.tensor2d(await weight.data(), [1, 6]),
        (input) => layerNorm(x, { 'n.weight': row(input), 'n.bias': bias }, 'n', 1e-5),
      ],
      [
        tf.tensor2d(await bias.data(), [1, 6]),
        (input) => layerNorm(x, { 'n.weight': weight, 'n.bias': row(input) }, 'n', 1e-5),
      ],
    ];
    for (const [input, f] of cases) {
      // Rows are summed with other weights each, so that no gradient cancels.
      const spread = tf.tensor2d(randomNormal(24, 1, [11, 12]), [4, 6]);
      const summed = (value: tf.Tensor2D): tf.Tensor =>
        input === x ? f(value) : tf.sum(tf.mul(f(value), spread), 0, true);
      const [exact, numeric] = await bothGradients(summed, input);
      expect(largestDifference(exact, numeric)).toBeLessThan(TOLERANCE);
    }
  });
});
