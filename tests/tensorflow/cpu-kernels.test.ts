/** @file The kernels for tfjs's JavaScript backend leave what they are not made for to tfjs's own. */
import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/tensorflow/backend.js';

beforeAll(() => loadBackend('cpu'));

describe('int32 tensors on the JavaScript backend', () => {
  it.each([
    [
      'products',
      () => tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'), tf.tensor2d([1, 0, 0, 1], [2, 2], 'int32')),
    ],
    ['sums', () => tf.add(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32'))],
    ['transposes', () => tf.transpose(tf.zeros([1, 2, 3, 4], 'int32'), [0, 2, 1, 3])],
  ])('have int32 %s', (_, work) => {
    const result = work();
    expect([result.dtype, result.dataSync().constructor]).toEqual(['int32', Int32Array]);
  });
});
