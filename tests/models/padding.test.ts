import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { packRows, packTexts, positionsOf } from '../../src/engine/text-packing.js';
import { buildTextEncoder } from '../../src/models/build.js';
import type { BertConfig } from '../../src/models/config.js';
import type { ForwardOptions, Params } from '../../src/models/text-encoder.js';
import { randomNormal } from '../../src/base/philox.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference } from '../fixtures/index.js';
import { isKeyBias } from '../fixtures/training.js';
import { float32Bounds, float64Function } from '../float64/bounds.js';
import { drawn, exactly, type Draw } from '../float64/ops.js';
import { TINY_CLIP, TINY_ROBERTA } from './tiny-configs.js';

const CONFIG: BertConfig = { ...TINY_ROBERTA, numHiddenLayers: 2 };
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
  const NAMES = Object.keys(encoder.shapes);
  const OUTPUTS = ['lastHiddenState', 'poolerOutput', ...NAMES];
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
  const outputsOf =
    (options: ForwardOptions, isMasked: boolean) =>
    (texts: tf.Tensor, places: tf.Tensor, factors: tf.Tensor, ...values: tf.Tensor[]): tf.Tensor[] => {
      const attentionMask = isMasked ? (places as tf.Tensor2D) : undefined;
      const forward = (some: tf.Tensor[]) =>
        encoder.forward(Object.fromEntries(NAMES.map((name, i) => [name, some[i]])), texts as tf.Tensor2D, {
          ...options,
          attentionMask,
        });
      const objective = (...some: tf.Tensor[]): tf.Scalar => {
        const { lastHiddenState, poolerOutput } = forward(some);
        return tf.add(tf.sum(tf.mul(lastHiddenState, factors)), tf.sum(poolerOutput));
      };
      const { lastHiddenState, poolerOutput } = forward(values);
      return [lastHiddenState, poolerOutput, ...tf.grads(objective)(values)];
    };

  function inputsOf(length: number): tf.Tensor[] {
    const factors = randomNormal(TEXTS.length * LENGTH * CONFIG.hiddenSize, 1, [3, 4]);
    return [
      ids(length),
      mask(length),
      tf.tensor(factors, [TEXTS.length, LENGTH, CONFIG.hiddenSize]),
      ...NAMES.map((name) => params[name]),
    ];
  }

  const known = new Map<boolean, ReturnType<typeof float32Bounds>>();

  /** What full-length texts give, in float64, and how far float32 may be from it. */
  function wholeTexts(isMasked: boolean): ReturnType<typeof float32Bounds> {
    const bounds = known.get(isMasked) ?? float32Bounds(outputsOf({}, isMasked), inputsOf(LENGTH));
    known.set(isMasked, bounds);
    return bounds;
  }

  it.each([false, true])(
    'gives outputs and gradients of full-length texts at every length they may be cut to (masked: %s)',
    async (isMasked) => {
      const { exact, errors } = await wholeTexts(isMasked);
      for (const length of [8, 9, 12, 15, 17, 19, LENGTH]) {
        const [texts, places, factors, ...values] = inputsOf(length);
        const cut = outputsOf({ fullLength: LENGTH }, isMasked)(texts, places, factors, ...values);
        for (const [i, expected] of exact.entries()) {
          if (isKeyBias(OUTPUTS[i])) continue;
          expect(cut[i].size).toBe(expected.length);
          expect(largestDifference(await cut[i].data(), expected), OUTPUTS[i]).toBeLessThan(errors[i]);
        }
      }
    },
  );

  it.each([1, 2, 3])('gives outputs and gradients of full-length texts in %i rows that several share', async (rows) => {
    const { exact, errors } = await wholeTexts(false);
    const texts = { ids: Int32Array.from(await ids(LENGTH).data()), length: LENGTH, padding: CONFIG.padTokenId };
    const positions = positionsOf(texts);
    expect([...positions]).toEqual([4, 8, 6]);
    const { ids: packed, packing } = packTexts(texts, positions, packRows(positions, LENGTH), rows);
    const options: ForwardOptions = {
      packing: {
        texts: tf.tensor2d(packing.texts, [rows, LENGTH]),
        logCounts: tf.tensor2d(packing.logCounts, [rows, LENGTH]),
        places: tf.tensor2d(packing.places, [TEXTS.length, LENGTH], 'int32'),
      },
    };
    const [, , factors, ...values] = inputsOf(LENGTH);
    const shared = outputsOf(options, false)(tf.tensor2d(packed, [rows, LENGTH], 'int32'), factors, factors, ...values);
    for (const [i, expected] of exact.entries()) {
      if (isKeyBias(OUTPUTS[i])) continue;
      expect(shared[i].size).toBe(expected.length);
      expect(largestDifference(await shared[i].data(), expected), OUTPUTS[i]).toBeLessThan(errors[i]);
    }
  });

  it('gives those of full-length texts whose padding shares its masks, with dropout', async () => {
    const options = (): ForwardOptions => ({
      dropout: { seed: 5, step: tf.scalar(3, 'int32'), rate: 0.3, padding: 'shared' },
    });
    const given = async (length: number): Promise<Float64Array[]> =>
      Promise.all(inputsOf(length).map(async (input) => Float64Array.from(await input.data())));
    const whole = float64Function((...inputs) => {
      const [texts, places, factors, ...values] = inputs;
      return outputsOf(options(), false)(texts, places, factors, ...values);
    }, inputsOf(LENGTH));
    const undropped = float64Function(
      (...inputs) => outputsOf({}, false)(inputs[0], inputs[1], inputs[2], ...inputs.slice(3)),
      inputsOf(LENGTH),
    );
    for (const length of [8, 13, LENGTH]) {
      const cut = (...inputs: tf.Tensor[]): tf.Tensor[] => {
        const [texts, places, factors, ...values] = inputs;
        return outputsOf({ ...options(), fullLength: LENGTH }, false)(texts, places, factors, ...values);
      };
      const { errors } = await float32Bounds(cut, inputsOf(length));
      const expected = whole(await given(LENGTH), exactly, asCutTo(length));
      const without = undropped(await given(LENGTH));
      const [texts, places, factors, ...values] = inputsOf(length);
      const computed = tf.tidy(() => cut(texts, places, factors, ...values));
      for (const [i, values64] of expected.entries()) {
        if (isKeyBias(OUTPUTS[i])) continue;
        expect(largestDifference(await computed[i].data(), values64), OUTPUTS[i]).toBeLessThan(errors[i]);
      }
      expect(largestDifference(expected[0], without[0])).toBeGreaterThan(0.1);
      tf.dispose(computed);
    }
  });

  /** Draws for whole texts what is drawn for texts that are cut: beyond them, what their last place has. */
  function asCutTo(length: number): Draw {
    const placeOf = (place: number): number => Math.min(place, length - 1);
    return (shape, seed) => {
      if (shape.length === 4) {
        const [batch, heads] = shape;
        const short = drawn([batch, heads, length, length], seed);
        return Float64Array.from({ length: batch * heads * LENGTH * LENGTH }, (_, i) => {
          const [text, query, key] = [Math.floor(i / LENGTH / LENGTH), Math.floor(i / LENGTH) % LENGTH, i % LENGTH];
          return short[(text * length + placeOf(query)) * length + placeOf(key)];
        });
      }
      const [rows, width] = shape;
      const short = drawn([(rows / LENGTH) * length, width], seed);
      return Float64Array.from({ length: rows * width }, (_, i) => {
        const [text, place] = [Math.floor(i / width / LENGTH), Math.floor(i / width) % LENGTH];
        return short[(text * length + placeOf(place)) * width + (i % width)];
      });
    };
  }

  it('counts the padding that was cut off', () => {
    const [whole, without] = [LENGTH, 8].map((length) => encoder.forward(params, ids(length)).lastHiddenState);
    expect(Math.abs(whole.dataSync()[0] - without.dataSync()[0])).toBeGreaterThan(1e-3);
  });
});

describe('padding that is the same at every position', () => {
  it("is RoBERTa's without dropout", () => {
    const encoder = buildTextEncoder(CONFIG);
    expect(encoder.sharedPadding({ rate: 0 })).toBe(1);
    expect(encoder.sharedPadding()).toBeUndefined();
    expect(encoder.sharedPadding({ rate: 0.1 })).toBeUndefined();
    expect(encoder.sharedPadding({ rate: 0.1, padding: 'each' })).toBeUndefined();
    expect(encoder.sharedPadding({ padding: 'shared' })).toBe(1); // where its masks are shared, too
    expect(buildTextEncoder({ ...CONFIG, hiddenDropoutProb: 0 }).sharedPadding()).toBeUndefined();
    expect(buildTextEncoder({ ...CONFIG, hiddenDropoutProb: 0, attentionProbsDropoutProb: 0 }).sharedPadding()).toBe(1);
  });

  it('is not found in models whose padding positions have different embeddings', () => {
    expect(buildTextEncoder({ ...CONFIG, family: 'bert' }).sharedPadding({ rate: 0 })).toBeUndefined();
    expect(buildTextEncoder(TINY_CLIP).sharedPadding({ rate: 0 })).toBeUndefined();
  });
});
