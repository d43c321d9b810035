import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { compiledEncoder } from '../../src/engine/compiled-encoder.js';
import { eagerEncoder } from '../../src/engine/encoder.js';
import { type EncoderEngine } from '../../src/engine/encoder-engine.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { buildTextEncoder } from '../../src/models/build.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { randomBits } from '../../src/base/philox.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference, PARITY } from '../fixtures/index.js';
import { encoderBounds } from '../float64/bounds.js';

const LENGTH = 77;
const EXACT = { length: LENGTH, precision: 'fp32', device: 'cpu', masked: false } as const;

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow')).each(['teacher', 'student'])(
  'encoding with the %s as a graph',
  (role) => {
    let eager: EncoderEngine;
    let compiled: EncoderEngine;
    let masked: EncoderEngine;
    let ids: Int32Array;
    /** Bounds of the rounding errors in an output; two outputs may differ by twice that. */
    let bounds: Awaited<ReturnType<typeof encoderBounds>>;
    /** Encodes with all padding positions computed. */
    let wholeTexts: EncoderEngine['encode'];

    beforeAll(async () => {
      await loadBackend('tensorflow');
      const model = await openPretrained(`${PARITY}/${role}`, 0);
      eager = await eagerEncoder(model.encoder, model.parameters());
      compiled = await compiledEncoder(model.encoder, model.parameters(), EXACT);
      masked = await compiledEncoder(model.encoder, model.parameters(), { ...EXACT, masked: true });
      ids = Int32Array.from(randomBits(330 * LENGTH, [1, 2]), (bits) => bits % 200);
      const text = tf.tensor2d(ids.slice(0, LENGTH), [1, LENGTH], 'int32');
      bounds = await encoderBounds(model.encoder, model.parameters(), text);
      const uncut = await eagerEncoder(
        { ...model.encoder, sharedPadding: () => undefined },
        (await openPretrained(`${PARITY}/${role}`, 0)).parameters(),
      );
      wholeTexts = async (some, batch) => uncut.encode(some, batch);
      return () => {
        eager.dispose();
        compiled.dispose();
        masked.dispose();
        uncut.dispose();
      };
    });

    it.each([1, 2, 5, 17, 32, 33, 70])(
      'gives the same as the separate ops, for %i texts, with a mask and without',
      async (batch) => {
        const some = ids.subarray(0, batch * LENGTH);
        const mask = Float32Array.from(some, (_, i) => (i % LENGTH < 3 + (i % 31) ? 1 : 0));
        for (const given of [undefined, mask]) {
          const [expected, actual] = [
            await eager.encode(some, batch, given),
            await (given === undefined ? compiled : masked).encode(some, batch, given),
          ];
          expect(actual.lastHiddenState).toHaveLength(expected.lastHiddenState.length);
          expect(largestDifference(actual.lastHiddenState, expected.lastHiddenState)).toBeLessThan(
            2 * bounds.lastHiddenState,
          );
          expect(largestDifference(actual.poolerOutput, expected.poolerOutput)).toBeLessThan(2 * bounds.poolerOutput);
        }
      },
    );

    it('gives the same in row loops, with a mask and without', async () => {
      const model = await openPretrained(`${PARITY}/${role}`, 0);
      const batch = 70;
      const some = ids.subarray(0, batch * LENGTH);
      for (const mask of [undefined, Float32Array.from(some, (_, i) => (i % LENGTH < 3 + (i % 31) ? 1 : 0))]) {
        const options = { ...EXACT, masked: mask !== undefined };
        const fused = await compiledEncoder(model.encoder, model.parameters(), options, true);
        const [expected, actual] = [await eager.encode(some, batch, mask), await fused.encode(some, batch, mask)];
        fused.dispose();
        for (const output of ['lastHiddenState', 'poolerOutput'] as const)
          expect(largestDifference(actual[output], expected[output])).toBeLessThan(2 * bounds[output]);
      }
    });

    it.each([
      [1, 'cpu'],
      [20, 'cpu'],
      [70, 'cpu'],
      [330, 'cpu'],
      [20, 'gpu'],
    ] as const)('gives the same for %i texts of other lengths, truncated as on a %s', async (batch, device) => {
      const padding = role === 'student' ? 1 : 863;
      const model = await openPretrained(`${PARITY}/${role}`, 0);
      const few = { ...EXACT, device };
      const cut = device === 'cpu' ? compiled : await compiledEncoder(model.encoder, model.parameters(), few);
      for (const most of [4, 11, 12, 23, 24, 63, 77]) {
        const some = Int32Array.from(ids.subarray(0, batch * LENGTH), (id, i) =>
          i % LENGTH < most - (Math.floor(i / LENGTH) % 3) ? 3 + id : padding,
        );
        const [expected, actual] = [await wholeTexts(some, batch), await cut.encode(some, batch)];
        expect(largestDifference(actual.lastHiddenState, expected.lastHiddenState)).toBeLessThan(
          2 * bounds.lastHiddenState,
        );
        expect(largestDifference(actual.poolerOutput, expected.poolerOutput)).toBeLessThan(2 * bounds.poolerOutput);
      }
      if (cut !== compiled) cut.dispose();
    });

    it('keeps no tensors between calls', async () => {
      const before = tf.memory().numTensors;
      await compiled.encode(ids.subarray(0, 3 * LENGTH), 3);
      expect(tf.memory().numTensors).toBe(before);
    });

    it('refuses an unexpected mask, and texts without an expected one', async () => {
      const text = ids.subarray(0, LENGTH);
      const mask = new Float32Array(LENGTH).fill(1);
      await expect(compiled.encode(text, 1, mask)).rejects.toThrow('an encoder without masks was given one');
      await expect(masked.encode(text, 1)).rejects.toThrow('an encoder with masks needs one');
    });

    it('refuses ids of another length', async () => {
      await expect(compiled.encode(ids.subarray(0, 10), 1)).rejects.toThrow('10 ids a text in an encoder for 77');
    });

    it('leaves nothing behind if parameters are missing', async () => {
      const model = await openPretrained(`${PARITY}/${role}`, 0);
      const encoder = buildTextEncoder(model.encoder.config);
      const [name] = Object.keys(encoder.shapes);
      const values = (async function* () {
        for await (const entry of model.parameters()) if (entry[0] !== name) yield entry;
      })();
      const before = tf.memory().numTensors;
      await expect(compiledEncoder(encoder, values, EXACT)).rejects.toThrow('not complete');
      expect(tf.memory().numTensors).toBe(before);
    });
  },
);
