/** @file The sizes of the passes that encode: by device and memory, and smaller once memory has run out. */
import tf from '../../src/base/tfjs.cjs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { compiledEncoder } from '../../src/engine/compiled-encoder.js';
import { batchSizesAt, largestPass } from '../../src/engine/encoder-passes.js';
import type * as session from '../../src/engine/graph/session.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { buildTextEncoder } from '../../src/models/build.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { clipVitLargePatch14Text } from '../../src/models/published.js';
import { randomBits } from '../../src/base/philox.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference, PARITY } from '../fixtures/index.js';
import { encoderBounds } from '../float64/bounds.js';

const LENGTH = 77;
const MASKLESS = { length: LENGTH, masked: false } as const;

/** The sizes of the passes that ran, and from which size on a pass runs out of memory. */
const device = vi.hoisted(() => ({ ran: [] as number[], tooLarge: Infinity }));
vi.mock('../../src/engine/graph/session.js', async (original) => {
  const actual = await original<typeof session>();
  const openSession: typeof actual.openSession = (...args) => {
    const opened = actual.openSession(...args);
    return {
      ...opened,
      run: async (feeds, fetches) => {
        const [, size] = /^encode\/(\d+)\//.exec(fetches[0]?.name ?? '') ?? [];
        if (size !== undefined) device.ran.push(Number(size));
        if (Number(size) < device.tooLarge || size === undefined) return opened.run(feeds, fetches);
        throw Object.assign(new Error(`OOM when allocating tensor with shape[${size},77,4] and type float`), {
          code: 'RESOURCE_EXHAUSTED',
        });
      },
    };
  };
  return { ...actual, openSession };
});
afterEach(() => {
  device.ran.length = 0;
  device.tooLarge = Infinity;
});

beforeAll(async () => {
  await loadBackend('auto', 'cpu');
});

describe('the largest pass', () => {
  const clip = buildTextEncoder(clipVitLargePatch14Text());
  const largest = (memoryBytes?: number, precision: 'fp32' | 'bf16' = 'fp32'): number =>
    largestPass(clip, { ...MASKLESS, precision, device: 'gpu', memoryBytes });

  it('has 32 texts on a CPU, and on a GPU whose memory is unknown', () => {
    expect(largestPass(clip, { ...MASKLESS, precision: 'fp32', device: 'cpu', memoryBytes: 1e12 })).toBe(32);
    expect(largest()).toBe(32);
  });

  it("grows with the GPU's memory, up to 256", () => {
    const memory = [1e9, 2e9, 10e9, 22e9, 78e9, 148e9];
    const sizes = memory.map((bytes) => largest(bytes));
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect([sizes[0], sizes.at(-1)]).toEqual([32, 256]);
    expect(new Set(sizes).size).toBeGreaterThan(2);
    expect(largest(148e9, 'bf16')).toBe(256);
  });

  it('decides the sizes of the others; on a CPU they stay as they were', () => {
    expect(batchSizesAt(77, 77, 32)).toEqual([1, 4, 16, 32]);
    expect(batchSizesAt(32, 77, 32)).toEqual([32, 77]);
    expect(batchSizesAt(77, 77, 256)).toEqual([1, 4, 16, 32, 64, 128, 256]);
    expect(batchSizesAt(32, 77, 256)).toEqual([32, 128, 512, 616]);
  });
});

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow')).each(['teacher', 'student'])(
  'encoding with the %s in passes as on a GPU',
  (role) => {
    const batch = 300;
    const padding = role === 'student' ? 1 : 863;
    /** Texts of at most `most` tokens. */
    const textsOf = (most: number): Int32Array =>
      Int32Array.from(randomBits(batch * LENGTH, [1, 2]), (bits, i) =>
        i % LENGTH < most - (Math.floor(i / LENGTH) % 3) ? 3 + (bits % 200) : padding,
      );
    const open = async (on: 'cpu' | 'gpu', memoryBytes?: number) => {
      const model = await openPretrained(`${PARITY}/${role}`, 0);
      const options = { ...MASKLESS, precision: 'fp32', device: on, memoryBytes } as const;
      return compiledEncoder(model.encoder, model.parameters(), options);
    };

    /** How far apart two passes may be: each may be off by what rounding explains. */
    let bounds: Awaited<ReturnType<typeof encoderBounds>>;
    beforeAll(async () => {
      const model = await openPretrained(`${PARITY}/${role}`, 0);
      const text = tf.tensor2d(textsOf(77).slice(0, LENGTH), [1, LENGTH], 'int32');
      const { lastHiddenState, poolerOutput } = await encoderBounds(model.encoder, model.parameters(), text);
      bounds = { lastHiddenState: 2 * lastHiddenState, poolerOutput: 2 * poolerOutput };
    });

    it.each([20, 77])('gives the same outputs, for texts of %i tokens', async (most) => {
      const texts = textsOf(most);
      const [small, large] = [await open('cpu'), await open('gpu', 1e12)];
      expect([small.batchSize, large.batchSize]).toEqual([32, 256]);
      const expected = await small.encode(texts, batch);
      device.ran.length = 0;
      const actual = await large.encode(texts, batch);
      expect(device.ran[0]).toBeGreaterThanOrEqual(128);
      expect(largestDifference(actual.lastHiddenState, expected.lastHiddenState)).toBeLessThan(bounds.lastHiddenState);
      expect(largestDifference(actual.poolerOutput, expected.poolerOutput)).toBeLessThan(bounds.poolerOutput);
      for (const engine of [small, large]) engine.dispose();
    });

    it('goes on with smaller passes when memory runs out, and remembers', async () => {
      const texts = textsOf(77);
      const [small, large] = [await open('cpu'), await open('gpu', 1e12)];
      const expected = await small.encode(texts, batch);
      device.ran.length = 0;
      device.tooLarge = 128;
      const actual = await large.encode(texts, batch);
      expect(device.ran.slice(0, 3)).toEqual([256, 128, 64]);
      expect(largestDifference(actual.lastHiddenState, expected.lastHiddenState)).toBeLessThan(bounds.lastHiddenState);
      device.ran.length = 0;
      await large.encode(texts, batch);
      expect(Math.max(...device.ran)).toBe(64);
      device.tooLarge = 1;
      await expect(large.encode(texts.subarray(0, LENGTH), 1)).rejects.toThrow(
        'out of memory: expected room to encode 1 text at once, but TensorFlow asked for shape[1,77,4] and type ' +
          "float; end what else uses the device's memory, or use --device cpu or --precision bf16",
      );
      for (const engine of [small, large]) engine.dispose();
    });
  },
);
