import { beforeAll, describe, expect, it } from 'vitest';
import tf from '../../src/base/tfjs.cjs';
import { activations } from '../../src/models/activations.js';
import { ACTIVATIONS, type Activation } from '../../src/models/config.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference } from '../fixtures/index.js';

const INPUTS = [-3, -1, -0.25, 0, 0.5, 2];

const TANH = [-0.00363739208, -0.158808009, -0.100324649, 0, 0.34571401, 1.95459769];
const SILU = [-0.14227762, -0.268941421, -0.109455875, 0, 0.311229666, 1.76159416];

/** Values of `torch.nn.functional` in float64; CLIP's own from its definition, computed there. */
const VALUES: Readonly<Record<Activation, readonly number[]>> = {
  gelu: [-0.00404969409, -0.158655254, -0.100323419, 0, 0.345731231, 1.95449974],
  quick_gelu: [-0.0180713097, -0.154204234, -0.0988003501, 0, 0.350388437, 1.93565862],
  gelu_new: TANH,
  gelu_pytorch_tanh: TANH,
  relu: [0, 0, 0, 0, 0.5, 2],
  silu: SILU,
  swish: SILU,
};

/** 16 roundings to float32 of values up to 2. */
const ROUNDING = 16 * 2 ** -23;

describe.each(BACKENDS_UNDER_TEST)('activations on %s', (backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  it.each(ACTIVATIONS)("%s has PyTorch's values", async (name) => {
    const values = await activations[name](tf.tensor2d(INPUTS, [1, INPUTS.length])).data();
    expect(largestDifference(values as Float32Array, VALUES[name])).toBeLessThan(ROUNDING);
  });
});
