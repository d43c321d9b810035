/** @file The distillation loss on values that binary fractions represent exactly. */
import { beforeAll, expect, it } from 'vitest';
import tf from '../../src/base/tfjs.cjs';
import { lossesOf } from '../../src/distill/loss.js';
import { loadBackend } from '../../src/tensorflow/backend.js';

beforeAll(() => loadBackend('cpu'));

it("counts differences up to 2^-16 of the teacher's mean magnitude as zero", () => {
  tf.tidy(() => {
    const target = tf.fill([2, 4], -1);
    const weights = tf.tensor1d([0.5, 0.5]);
    const losses = (difference: number): number[] => {
      const values = tf.add(target, difference);
      const { lossEn, lossKo } = lossesOf({ english: values, korean: target }, target, weights);
      return [lossEn.dataSync()[0], lossKo.dataSync()[0]];
    };
    expect(losses(2 ** -16)).toEqual([0, 0]);
    expect(losses(-(2 ** -16))).toEqual([0, 0]);
    expect(losses(2 ** -15)).toEqual([2 ** -30, 0]);
    expect(losses(0.5)).toEqual([0.25, 0]);
  });
});
