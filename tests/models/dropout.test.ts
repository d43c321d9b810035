import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { buildTextEncoder } from '../../src/models/build.js';
import { dropout, STATELESS_UNIFORM, statelessUniform } from '../../src/models/dropout.js';
import { selfAttention } from '../../src/models/layers.js';
import { randomUniform } from '../../src/base/philox.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { TINY_ROBERTA } from './tiny-configs.js';

const key = (seed: number, step: number) => ({ seed, step: tf.scalar(step, 'int32') });

describe.each(BACKENDS_UNDER_TEST)('dropout on %s', (backend) => {
  beforeAll(() => loadBackend(backend));

  it("uses TensorFlow's own stateless numbers", async () => {
    const drawn = await statelessUniform([2, 5], tf.tensor1d([7, -3], 'int32')).data();
    // tf.random.stateless_uniform of TensorFlow 2.21 for seed [7, -3]
    const tensorflow = [
      0.4346422, 0.0652759, 0.747613, 0.1487641, 0.5897864, 0.3193823, 0.0533526, 0.5334904, 0.6441011,
    ];
    expect(Array.from(drawn.slice(0, 9))).toEqual(tensorflow.map((value) => expect.closeTo(value, 6) as number));
    expect(Array.from(drawn)).toEqual(Array.from(randomUniform(10, [7, -3])));
  });

  it('zeroes the given share and keeps the mean', async () => {
    const kept = await dropout(tf.ones([100, 100]), 0.25, 'here', key(1, 1)).data();
    const zeros = kept.filter((value) => value === 0).length;
    const deviation = Math.sqrt(kept.length * 0.25 * 0.75); // of a binomial distribution
    expect(Math.abs(zeros - 0.25 * kept.length)).toBeLessThan(5 * deviation);
    expect([...new Set(kept)].sort()).toEqual([0, Math.fround(1 / 0.75)]);
    const overridden = dropout(tf.ones([100, 100]), 0.5, 'here', { ...key(1, 1), rate: 0.25 });
    expect(await overridden.data()).toEqual(kept); // the key's rate takes precedence
  });

  it('depends only on seed, step and place', async () => {
    const mask = async (seed: number, step: number, place: string) =>
      Array.from(await dropout(tf.ones([64]), 0.5, place, key(seed, step)).data()).join();
    const first = await mask(1, 1, 'a');
    await mask(5, 5, 'elsewhere');
    expect(await mask(1, 1, 'a')).toBe(first);
    for (const other of [await mask(2, 1, 'a'), await mask(1, 2, 'a'), await mask(1, 1, 'b')])
      expect(other).not.toBe(first);
  });

  it('drops the gradient where it dropped the value', async () => {
    const x = tf.ones([32]);
    const dropped = await dropout(x, 0.5, 'a', key(3, 4)).data();
    const gradient = await tf
      .grad((input) => tf.sum(dropout(input, 0.5, 'a', key(3, 4))))(x)
      .data();
    expect(Array.from(gradient)).toEqual(Array.from(dropped));
  });

  it('draws a mask of their own for the attention weights of every text, head and query', async () => {
    const [texts, heads, length] = [2, 2, 32];
    const width = heads * length;
    // Even attention over values that are unit vectors: an output is the mask of its weights.
    const zeros = { weight: tf.zeros([width, width]), bias: tf.zeros([width]) };
    const params = {
      'q.weight': zeros.weight,
      'q.bias': zeros.bias,
      'k.weight': zeros.weight,
      'k.bias': zeros.bias,
      'v.weight': tf.eye(width),
      'v.bias': zeros.bias,
    };
    const x: tf.Tensor2D = tf.tile(tf.eye(length), [texts, heads]);
    const block = { query: 'q', key: 'k', value: 'v', heads, dropoutRate: 0.25, dropoutPlace: 'here' };
    const mixed = selfAttention(x, params, block, { batch: texts, length, dropout: key(1, 1) });
    const masks = await tf.reshape<tf.Rank.R2>(mixed, [texts * length * heads, length]).array();
    const isKept = (value: number): boolean => value !== 0;
    expect(new Set(masks.map((mask) => mask.map(isKept).join())).size).toBe(texts * heads * length);
    const expected = 1 / length / 0.75;
    // float32's rounding of a sum of exponentials, each by a few units in the last place, and of the products with it
    const bound = (length + 8) * 2 ** -24 * expected;
    for (const value of masks.flat().filter(isKept)) expect(Math.abs(value - expected)).toBeLessThan(bound);
    expect(masks.flat().some((value) => !isKept(value))).toBe(true);
  });

  it('has masks of its own at every place of a model: after the embeddings, and three times in a layer', () => {
    const encoder = buildTextEncoder({ ...TINY_ROBERTA, numHiddenLayers: 2 });
    const params = Object.fromEntries(
      Object.entries(encoder.shapes).map(([name, shape]) => [name, tf.zeros([...shape])]),
    );
    const places: number[] = [];
    const engine = tf.engine();
    const runKernel = engine.runKernel.bind(engine);
    const drawing = vi.spyOn(engine, 'runKernel').mockImplementation((name, inputs, attributes) => {
      if (name === STATELESS_UNIFORM) places.push(inputs.seed.dataSync()[0]);
      return runKernel(name, inputs, attributes);
    });
    encoder.forward(params, tf.tensor2d([[0, 5, 2]], [1, 3], 'int32'), { dropout: key(1, 1) });
    drawing.mockRestore();
    expect(places).toHaveLength(1 + 2 * 3);
    expect(new Set(places).size).toBe(places.length);
  });

  it('is the identity without a key, and at rate 0', () => {
    const x = tf.ones([4]);
    expect(dropout(x, 0.5, 'a')).toBe(x);
    expect(dropout(x, 0.5, 'a', { ...key(1, 1), rate: 0 })).toBe(x);
  });
});
