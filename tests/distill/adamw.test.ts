import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { adamWScalars, adamWUpdate, decays, type AdamWSlot } from '../../src/distill/adamw.js';
import { OPTIMIZERS, type OptimizerName } from '../../src/distill/choices.js';
import { loadBackend } from '../../src/tensorflow/backend.js';

/** The rule of each variant in double precision, as its documentation writes it. */
function reference(
  optimizer: OptimizerName,
  gradients: number[],
  learningRate: number,
  weightDecay: number,
  decayed: boolean,
): number {
  let [p, m, v] = [1, 0, 0];
  for (const [i, g] of gradients.entries()) {
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    if (optimizer === 'adamw') {
      if (decayed) p *= 1 - learningRate * weightDecay;
      p -= (learningRate * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8);
    } else {
      p -= (learningRate * m) / (Math.sqrt(v) + 1e-6);
      if (decayed) p -= learningRate * weightDecay * p;
    }
  }
  return p;
}

beforeAll(() => loadBackend('cpu'));

describe.each(OPTIMIZERS)('%s', (optimizer) => {
  it.each([true, false])('follows its rule, with decay: %s', (decayed) => {
    const gradients = [0.5, -0.25, 0.125, 1, 0.001, -3];
    let slot: AdamWSlot = { parameter: tf.scalar(1), firstMoment: tf.scalar(0), secondMoment: tf.scalar(0) };
    for (const [i, gradient] of gradients.entries()) {
      slot = adamWUpdate(optimizer, slot, tf.scalar(gradient), adamWScalars(optimizer, 0.01, 0.1, i + 1), decayed);
    }
    // Each step rounds the parameter, near 1, at most three times.
    const bound = gradients.length * 3 * 2 ** -24;
    const exact = reference(optimizer, gradients, 0.01, 0.1, decayed);
    expect(Math.abs(slot.parameter.dataSync()[0] - exact)).toBeLessThan(bound);
  });
});

describe('weight decay', () => {
  it("spares biases and LayerNorm weights in the original experiments, nothing in PyTorch's AdamW", () => {
    expect(decays('adamw', true)).toBe(true);
    expect(decays('adamw-legacy', true)).toBe(false);
    expect(decays('adamw-legacy', false)).toBe(true);
  });
});
