import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Distillation } from '../../src/distill/loss.js';
import { flatMoments, flattenGradients, flatParametersOf } from '../../src/engine/graph/flat-parameters.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import type { TextEncoder } from '../../src/models/text-encoder.js';

const shapes = {
  words: [1000, 101],
  'dense.weight': [2, 3],
  'dense.bias': [2],
  'norm.weight': [3],
  'pooler.bias': [2],
};
const student = {
  shapes,
  isPooler: (name: string) => name.startsWith('pooler'),
  isBiasOrNorm: (name: string) => name.endsWith('bias') || name.startsWith('norm'),
} as unknown as TextEncoder; // its forward pass is not used
const distillation: Distillation = { teacher: student, student, loss: 'hidden' };

beforeAll(() => loadBackend('cpu'));

describe('flat parameters', () => {
  it('contain the small trained parameters', () => {
    expect(flatParametersOf(distillation, 'adamw')).toEqual({
      'flat/decayed': ['dense.weight', 'dense.bias', 'norm.weight'],
    });
  });

  it('separate parameters without weight decay', () => {
    const flat = flatParametersOf(distillation, 'adamw-legacy');
    expect(flat).toEqual({ 'flat/decayed': ['dense.weight'], 'flat/undecayed': ['dense.bias', 'norm.weight'] });
    expect(flatMoments(flat)['exp_avg_sq/flat/undecayed']).toEqual(['exp_avg_sq/dense.bias', 'exp_avg_sq/norm.weight']);
  });

  it('concatenate gradients in the order of their names, and leave the others', async () => {
    const gradients = {
      words: tf.ones([1000, 101]),
      'norm.weight': tf.tensor1d([7, 8, 9]),
      'dense.bias': tf.tensor1d([5, 6]),
      'dense.weight': tf.tensor2d([0, 1, 2, 3, 4, 5], [2, 3]),
    };
    const packed = flattenGradients(gradients, flatParametersOf(distillation, 'adamw'));
    expect(Object.keys(packed)).toEqual(['flat/decayed', 'words']);
    expect([...(await packed['flat/decayed'].data())]).toEqual([0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9]);
    expect(packed.words).toBe(gradients.words);
  });
});
