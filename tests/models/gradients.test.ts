import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { activations } from '../../src/models/activations.js';
import { ACTIVATIONS } from '../../src/models/config.js';
import { embedding } from '../../src/models/embedding.js';
import { layerNorm } from '../../src/models/layers.js';
import { randomNormal } from '../../src/base/philox.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference } from '../fixtures/index.js';
import { float32Bounds, float64Function, UNIT_ROUNDOFF } from '../float64/bounds.js';

/** Of central differences in float64. */
const STEP = 1e-5;

/**
 * Their error: a sixth of the third derivative (here up to 100) times STEP², and the objective's rounding over STEP.
 */
const SLOPE_ERROR = 1e-8;

/**
 * Checks `∂ sum(f(x, …) · weights) / ∂x` by tfjs: in float64 against central differences of the same function, in
 * float32 against float64.
 */
async function expectGradient(
  f: (x: tf.Tensor2D, ...others: tf.Tensor[]) => tf.Tensor,
  x: tf.Tensor2D,
  others: readonly tf.Tensor[] = [],
): Promise<void> {
  const weights = tf.tensor(randomNormal(x.size, 1, [1, 2]), x.shape);
  const inputs = [x, weights, ...others];
  const objective = (value: tf.Tensor, factors: tf.Tensor, ...rest: tf.Tensor[]): tf.Scalar =>
    tf.sum(tf.mul(f(value as tf.Tensor2D, ...rest), factors));
  const gradient = (value: tf.Tensor, ...rest: tf.Tensor[]): tf.Tensor =>
    tf.grad((moving) => objective(moving, ...(rest as [tf.Tensor])))(value);
  const { exact, errors } = await float32Bounds((value, ...rest) => [gradient(value, ...rest)], inputs);
  expect(largestDifference(await gradient(x, weights, ...others).data(), exact[0])).toBeLessThanOrEqual(errors[0]);

  const compute = float64Function((value, factors, ...rest) => [objective(value, factors, ...rest)], inputs);
  const [values, ...fixed] = await Promise.all(inputs.map(async (input) => Float64Array.from(await input.data())));
  const moved = (i: number, by: number): number => compute([values.with(i, values[i] + by), ...fixed])[0][0];
  const slopes = Array.from(values, (_, i) => (moved(i, STEP) - moved(i, -STEP)) / (2 * STEP));
  expect(largestDifference(exact[0], slopes)).toBeLessThan(
    SLOPE_ERROR + 2 * UNIT_ROUNDOFF * Math.max(...exact[0].map(Math.abs)), // constants of a graph are float32's
  );
}

describe.each(BACKENDS_UNDER_TEST)('gradients on %s', (backend) => {
  beforeAll(() => loadBackend(backend));

  it.each(ACTIVATIONS.filter((name) => name !== 'relu'))('%s has the slope of its curve', async (name) => {
    const x = tf.tensor2d(randomNormal(24, 2, [3, 4]), [4, 6]);
    await expectGradient(activations[name], x);
  });

  it("an embedding's rows have the sum of their uses, and that of padding has none, as in PyTorch", async () => {
    const ids = tf.tensor2d([1, 3, 1, 0, 3, 3], [2, 3], 'int32');
    const factors = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]);
    const looked = (table: tf.Tensor): tf.Tensor => tf.mul(embedding(table, ids, 1), factors);
    const table = tf.tensor2d([0, 1, 2, 3, 4, 5, 6, 7], [4, 2]);
    expect(Array.from(await looked(table).data())).toEqual([2, 6, 18, 28, 10, 18, 0, 8, 54, 70, 66, 84]);
    const gradient = await tf
      .grad((rows) => tf.sum(looked(rows)))(table)
      .data();
    // torch.nn.Embedding(4, 2, padding_idx=1)
    expect(Array.from(gradient)).toEqual([7, 8, 0, 0, 0, 0, 23, 26]);
  });

  it('LayerNorm has the gradient of its formula, for input, weight and bias', async () => {
    const x = tf.tensor2d(randomNormal(24, 2, [5, 6]), [4, 6]);
    const weight = tf.tensor1d(randomNormal(6, 1, [7, 8]));
    const bias = tf.tensor1d(randomNormal(6, 1, [9, 10]));
    // Rows are summed with other weights each, so that no gradient cancels.
    const spread = tf.tensor2d(randomNormal(24, 1, [11, 12]), [4, 6]);
    const norm = (input: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor): tf.Tensor =>
      layerNorm(
        input as tf.Tensor2D,
        { 'n.weight': tf.reshape(scale, [6]), 'n.bias': tf.reshape(shift, [6]) },
        'n',
        1e-5,
      );
    // [1, 6]
    const summed = (value: tf.Tensor, factors: tf.Tensor): tf.Tensor => tf.sum(tf.mul(value, factors), 0, true);

    await expectGradient(norm, x, [weight, bias]);
    const [weightRow, biasRow] = [tf.reshape<tf.Rank.R2>(weight, [1, 6]), tf.reshape<tf.Rank.R2>(bias, [1, 6])];
    await expectGradient((scale, input, shift, factors) => summed(norm(input, scale, shift), factors), weightRow, [
      x,
      bias,
      spread,
    ]);
    await expectGradient((shift, input, scale, factors) => summed(norm(input, scale, shift), factors), biasRow, [
      x,
      weight,
      spread,
    ]);
  });
});
