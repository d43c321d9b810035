/** @file Attention masks: a token that is masked has no effect on the others. */
import { beforeAll, describe, expect, it } from 'vitest';
import tf from '../../src/base/tfjs.cjs';
import { randomNormal } from '../../src/base/philox.js';
import { sizeOf } from '../../src/base/shape.js';
import { buildTextEncoder } from '../../src/models/build.js';
import type { TextEncoder } from '../../src/models/text-encoder.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { TINY_CLIP, TINY_ROBERTA } from './tiny-configs.js';

const ENCODERS: Readonly<Record<string, TextEncoder>> = {
  'CLIP, which never attends to later tokens': buildTextEncoder({ ...TINY_CLIP, numHiddenLayers: 2, eosTokenId: 19 }),
  RoBERTa: buildTextEncoder({
    ...TINY_ROBERTA,
    numHiddenLayers: 2,
    hiddenDropoutProb: 0,
    attentionProbsDropoutProb: 0,
  }),
};
const WIDTH = TINY_CLIP.hiddenSize;

describe.each(BACKENDS_UNDER_TEST)('on %s', (backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  it.each(Object.entries(ENCODERS))('in %s', async (_, encoder) => {
    const params = Object.fromEntries(
      Object.entries(encoder.shapes).map(([name, shape], i) => [
        name,
        tf.tensor(randomNormal(sizeOf(shape), 0.5, [i, 1]), [...shape]),
      ]),
    );
    const statesOf = async (second: number, isMasked: boolean): Promise<Float32Array> => {
      const attentionMask = isMasked ? tf.tensor2d([[1, 0, 1, 1]]) : undefined;
      const ids = tf.tensor2d([[3, second, 5, 19]], [1, 4], 'int32');
      return (await encoder.forward(params, ids, { attentionMask }).lastHiddenState.data()) as Float32Array;
    };
    const others = (states: Float32Array): number[] => [...states.slice(0, WIDTH), ...states.slice(2 * WIDTH)];
    expect(others(await statesOf(7, true))).toEqual(others(await statesOf(9, true)));
    expect(others(await statesOf(7, false))).not.toEqual(others(await statesOf(9, false)));
  });
});
