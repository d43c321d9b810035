import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Graph } from '../../src/engine/graph/graph.js';
import { record } from '../../src/engine/graph/recorder.js';
import { openSession, type FetchedTensor } from '../../src/engine/graph/session.js';
import { placeholder } from '../../src/engine/graph/variables.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { largestDifference } from '../fixtures/index.js';
import { float32Bounds } from '../float64/bounds.js';

beforeAll(() => loadBackend('tensorflow'));

/** The results of a function, recorded and run by tfjs directly. */
async function bothWays(
  f: (x: tf.Tensor2D) => tf.Tensor,
  x: tf.Tensor2D,
): Promise<[recorded: FetchedTensor, direct: tf.Tensor]> {
  const graph = new Graph();
  const input = placeholder(graph, 'x', x.shape, 'float32');
  const output = record(graph, ({ tensor, value }) => value(f(tensor(input))));
  const session = openSession(graph.nodes);
  const [recorded] = await session.run([[input, x.dataSync()]], [output]);
  session.close();
  return [recorded, f(x)];
}

const FUNCTIONS: [string, (x: tf.Tensor2D) => tf.Tensor][] = [
  ['products', (v) => tf.matMul(v, v, false, true)],
  ['products, transposed on the left', (v) => tf.matMul(v, v, true, false)],
  ['batched products', (v) => tf.matMul(tf.reshape(v, [3, 2, 2]), tf.reshape(v, [3, 2, 2]), false, true)],
  [
    'elementwise functions',
    (v) =>
      tf.addN([
        tf.exp(v),
        tf.erf(v),
        tf.sigmoid(v),
        tf.tanh(v),
        tf.square(v),
        tf.neg(v),
        tf.relu(v),
        tf.abs(v),
        tf.sqrt(tf.abs(v)),
        tf.rsqrt(tf.add(tf.abs(v), 1)),
      ]),
  ],
  [
    'broadcasts',
    (v) => tf.div(tf.sub(v, tf.mean(v, 1, true)), tf.maximum(tf.minimum(v, 2), tf.tensor1d([1, 2, 3, 4]))),
  ],
  ['reductions', (v) => tf.concat([tf.sum(v, 0), tf.max(v, 1), tf.reshape(tf.mean(v), [1])])],
  [
    'shapes',
    (v) =>
      tf.transpose(
        tf.pad(
          tf.slice(tf.tile(v, [2, 1]), [1, 1], [3, 2]),
          [
            [1, 0],
            [0, 2],
          ],
          7,
        ),
      ),
  ],
  ['integers', (v) => tf.cumsum(tf.cast(tf.greater(v, 0.2), 'int32'), 1)],
  ['argMax and gather', (v) => tf.gather(v, tf.argMax<tf.Tensor1D>(v, 0))],
  ['stacks', (v) => tf.stack([tf.sum(v), tf.scalar(3), tf.mean(v)])],
  ['softmax', (v) => tf.softmax(v)],
  ['sums by segment', (v) => tf.unsortedSegmentSum(v, tf.tensor1d([1, -1, 1], 'int32'), 3)],
  ['gradients', (v) => tf.grad((w) => tf.sum(tf.mul(tf.softmax(w as tf.Tensor2D), tf.relu(w))))(v)],
  ['uniform constants', (v) => tf.add(tf.fill([3, 4], 2), tf.mul(v, tf.onesLike(v)))],
];

describe('a recorded graph', () => {
  it.each(FUNCTIONS)('computes %s like tfjs', async (_, f) => {
    const x = tf.tensor2d([0.5, -1, 2, 3, 0.25, -0.75, 1, 4, -2, 0.1, 0.2, 0.3], [3, 4]);
    const [recorded, direct] = await bothWays(f, x);
    expect(recorded.shape).toEqual(direct.shape);
    expect(recorded.dtype).toBe(direct.dtype);
    const [actual, expected] = [recorded.data, await direct.data()];
    const { exact, errors } = await float32Bounds((input) => [f(input as tf.Tensor2D)], [x]);
    for (const values of [actual, expected]) expect(largestDifference(values, exact[0])).toBeLessThanOrEqual(errors[0]);
  });

  it('refuses to read values while it is being recorded', () => {
    const read = () => record(new Graph(), () => tf.scalar(1).dataSync());
    expect(read).toThrow('a tensor was read while a step was being recorded');
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('refuses an op that has no recorded form, by name', () => {
    expect(() => record(new Graph(), () => tf.atan(tf.scalar(1)))).toThrow(/Atan/);
  });

  it('does not use files', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('kd-graph-'));
    await bothWays((v) => tf.square(v), tf.ones([1, 2]));
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('kd-graph-'))).toEqual(before);
  });

  it('keeps the encoding of uniform values small', () => {
    const graph = new Graph();
    record(graph, () => tf.ones([1000, 1000]));
    expect(graph.nodes.map(({ op }) => op)).toContain('Fill');
  });
});
