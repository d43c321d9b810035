/** @file The kernels for tfjs's JavaScript backend are exact, and leave what they are not made for to tfjs's own. */
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

describe('float32 products on the JavaScript backend', () => {
  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('are sums in float64, rounded once, whatever the size (transposed: %s, %s)', (transposeA, transposeB) => {
    for (const rows of [1, 2, 3, 5]) {
      for (const columns of [1, 2, 3, 4, 5, 7, 8]) {
        const inner = 1 + ((rows * columns) % 6);
        const a = tf.randomNormal<tf.Rank.R3>(transposeA ? [2, inner, rows] : [2, rows, inner], 0, 1, 'float32', 1);
        const b = tf.randomNormal<tf.Rank.R3>(
          transposeB ? [2, columns, inner] : [2, inner, columns],
          0,
          1,
          'float32',
          2,
        );
        const [left, right] = [
          transposeA ? tf.transpose(a, [0, 2, 1]) : a,
          transposeB ? b : tf.transpose(b, [0, 2, 1]),
        ];
        const [x, y] = [left.arraySync(), right.arraySync()];
        const expected = x.map((batch, i) =>
          batch.map((row) =>
            y[i].map((column) => Math.fround(row.reduce((sum, value, k) => sum + value * column[k], 0))),
          ),
        );
        expect(tf.matMul(a, b, transposeA, transposeB).arraySync(), `${rows} × ${columns}`).toEqual(expected);
      }
    }
  });
});
