import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/engine/tensorflow.js';
import { buildTextEncoder } from '../../src/models/build.js';
import type { BertConfig } from '../../src/models/config.js';
import type { ForwardOptions, Params } from '../../src/models/text-encoder.js';
import { randomNormal } from '../../src/random.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { isKeyBias } from '../fixtures/training.js';

const CONFIG: BertConfig = {
  family: 'roberta',
  vocabSize: 50,
  hiddenSize: 16,
  intermediateSize: 24,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 24,
  typeVocabSize: 1,
  hiddenAct: 'gelu',
  layerNormEps: 1e-5,
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
  initializerRange: 0.02,
  padTokenId: 1,
};
const LENGTH = 20;

/** Three texts of 3, 7 and 5 tokens, and padding. */
const TEXTS = [
  [0, 9, 2],
  [0, 12, 1, 30, 31, 8, 2],
  [0, 7, 7, 9, 2],
]; // one with padding in its middle
const ids = (length: number): tf.Tensor2D =>
  tf.tensor2d(
    TEXTS.map((text) => Array.from({ length }, (_, place) => text[place] ?? CONFIG.padTokenId)),
    [TEXTS.length, length],
    'int32',
  );
const mask = (length: number): tf.Tensor2D =>
  tf.tensor2d(
    TEXTS.map((text) => Array.from({ length }, (_, place) => (place < text.length ? 1 : 0))),
    [TEXTS.length, length],
  );

describe.each(BACKENDS_UNDER_TEST)('padding computed once on %s', (backend) => {
  const encoder = buildTextEncoder(CONFIG);
  const OUTPUTS = ['lastHiddenState', 'poolerOutput', ...Object.keys(encoder.shapes)];
  let params: Params;

  beforeAll(async () => {
    await loadBackend(backend);
    // wide, so that attention is far from even
    params = Object.fromEntries(
      Object.entries(encoder.shapes).map(([name, shape], i) => [
        name,
        tf.tensor(
          randomNormal(
            shape.reduce((size, side) => size * side, 1),
            0.5,
            [i, 1],
          ),
          [...shape],
        ),
      ]),
    );
  });

  /** Outputs, and the gradients for all parameters of a function that counts every value differently. */
  async function compute(length: number, options: ForwardOptions): Promise<Float32Array[]> {
    const names = Object.keys(encoder.shapes);
    const factors = tf.tensor(randomNormal(TEXTS.length * LENGTH * CONFIG.hiddenSize, 1, [3, 4]), [
      TEXTS.length,
      LENGTH,
      CONFIG.hiddenSize,
    ]);
    const forward = (values: Params) => encoder.forward(values, ids(length), options);
    const objective = (...values: tf.Tensor[]): tf.Scalar => {
      const { lastHiddenState, poolerOutput } = forward(Object.fromEntries(names.map((name, i) => [name, values[i]])));
      return tf.add(tf.sum(tf.mul(lastHiddenState, factors)), tf.sum(poolerOutput));
    };
    const { lastHiddenState, poolerOutput } = forward(params);
    const tensors = [lastHiddenState, poolerOutput, ...tf.grads(objective)(names.map((name) => params[name]))];
    return Promise.all(tensors.map(async (tensor) => (await tensor.data()) as Float32Array));
  }

  it.each([8, 9, 15, 19])(
    'gives outputs and gradients of whole texts when they are cut to %i places',
    async (length) => {
      for (const isMasked of [false, true]) {
        const whole = await compute(LENGTH, { attentionMask: isMasked ? mask(LENGTH) : undefined });
        const cut = await compute(length, { attentionMask: isMasked ? mask(length) : undefined, fullLength: LENGTH });
        for (const [i, expected] of whole.entries()) {
          if (isKeyBias(OUTPUTS[i])) continue;
          const largest = Math.max(...expected.map(Math.abs), 0.1);
          expect(cut[i]).toHaveLength(expected.length);
          expect(Math.max(...expected.map((value, k) => Math.abs(value - cut[i][k]))) / largest).toBeLessThan(2e-5);
        }
      }
    },
  );

  it('counts the padding that was cut off', async () => {
    const [whole, without] = [await compute(LENGTH, {}), await encoder.forward(params, ids(8)).lastHiddenState.data()];
    expect(Math.abs(whole[0][0] - without[0])).toBeGreaterThan(1e-3);
  });
});

describe('padding that comes out alike', () => {
  it("is RoBERTa's, where nothing is dropped out", () => {
    const encoder = buildTextEncoder(CONFIG);
    expect(encoder.sharedPadding(0)).toBe(1);
    expect(encoder.sharedPadding()).toBeUndefined();
    expect(encoder.sharedPadding(0.1)).toBeUndefined();
    expect(buildTextEncoder({ ...CONFIG, hiddenDropoutProb: 0 }).sharedPadding()).toBeUndefined();
    expect(buildTextEncoder({ ...CONFIG, hiddenDropoutProb: 0, attentionProbsDropoutProb: 0 }).sharedPadding()).toBe(1);
  });

  it('is not that of models with a position for every place', () => {
    expect(buildTextEncoder({ ...CONFIG, family: 'bert' }).sharedPadding(0)).toBeUndefined();
    const clip = buildTextEncoder({
      family: 'clip-text',
      vocabSize: 50,
      hiddenSize: 16,
      intermediateSize: 24,
      numHiddenLayers: 1,
      numAttentionHeads: 2,
      maxPositionEmbeddings: 24,
      hiddenAct: 'quick_gelu',
      layerNormEps: 1e-5,
      attentionDropout: 0,
      initializerRange: 0.02,
      eosTokenId: 2,
    });
    expect(clip.sharedPadding(0)).toBeUndefined();
  });
});
