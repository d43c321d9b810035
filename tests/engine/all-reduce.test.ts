/** @file Sums over the ranks of one process: in order, in buckets, the same everywhere. */
import { beforeAll, describe, expect, it } from 'vitest';
import { measureAllReduce } from '../../src/engine/all-reduce-rate.js';
import { allReduceSeconds, bandwidthOf } from '../../src/engine/all-reduce-time.js';
import { AllReduce, MAX_IN_ORDER } from '../../src/engine/graph/all-reduce.js';
import { bucketsOf } from '../../src/engine/graph/buckets.js';
import { Graph } from '../../src/engine/graph/graph.js';
import { openReplicas } from '../../src/engine/graph/replicas.js';
import { after, placeholder } from '../../src/engine/graph/variables.js';
import { sizeOf } from '../../src/base/shape.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';

describe('buckets', () => {
  it('have the given number of values, of one tensor or of several', () => {
    const sizes = [
      ['a', 5],
      ['b', 1],
      ['c', 7],
    ] as const;
    expect(bucketsOf(sizes, 4)).toEqual([
      [{ name: 'a', start: 0, size: 4 }],
      [
        { name: 'a', start: 4, size: 1 },
        { name: 'b', start: 0, size: 1 },
        { name: 'c', start: 0, size: 2 },
      ],
      [{ name: 'c', start: 2, size: 4 }],
      [{ name: 'c', start: 6, size: 1 }],
    ]);
    expect(bucketsOf(sizes, 13)).toHaveLength(1);
  });
});

const SHAPES: readonly (readonly number[])[] = [[3, 5], [7], []];

/** What every rank is given, and what it gets: the sums of all ranks' inputs, and the first rank's second input. */
async function reduced(ranks: number, bucketValues: number): Promise<{ given: number[][][]; got: number[][][] }> {
  const graph = new Graph();
  const inputs = SHAPES.map((shape, i) => placeholder(graph, `input${i}`, shape, 'float32'));
  const allReduce = new AllReduce(graph, { count: ranks, hint: 'auto' });
  const sums = allReduce.sum(Object.fromEntries(inputs.map((input) => [input.name, input])), bucketValues);
  const outputs = [...inputs.map(({ name }) => sums[name]), allReduce.broadcast(inputs[1])];
  const fetches = outputs.map((output, i) => after(graph, output, [], `output${i}`));
  const given = Array.from({ length: ranks }, (_, rank) =>
    SHAPES.map((shape) =>
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(100 * rank + i) * 10 ** ((rank + i) % 5)),
    ),
  );
  const devices = Array.from({ length: ranks }, (_, rank) => `/device:CPU:${rank}`);
  const replicas = openReplicas({ nodes: graph.nodes, functions: [] }, devices);
  try {
    const fetched = await replicas.runAll(
      given.map((values) => inputs.map((input, i) => [input, values[i]] as const)),
      fetches,
    );
    return {
      given: given.map((values) => values.map((each) => [...each])),
      got: fetched.map((tensors) => tensors.map(({ data }) => [...data])),
    };
  } finally {
    replicas.close();
  }
}

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('the sum over ranks', () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', 'cpu');
  });

  it.each([
    [2, 100],
    [3, 4],
    [MAX_IN_ORDER, 8],
  ])('of %i is the sum in rank order, bit for bit, on each (buckets of %i)', async (ranks, bucketValues) => {
    const { given, got } = await reduced(ranks, bucketValues);
    const [first, ...others] = given;
    const sums = others.reduce(
      (sums, values) => sums.map((sum, i) => sum.map((value, k) => Math.fround(value + values[i][k]))),
      first,
    );
    for (const tensors of got) expect(tensors).toEqual([...sums, first[1]]);
  });

  it('of more adds in some order, with the same result on each', async () => {
    const { given, got } = await reduced(MAX_IN_ORDER + 2, 8);
    for (const tensors of got) expect(tensors).toEqual(got[0]);
    for (const [i, sum] of got[0].slice(0, -1).entries()) {
      for (const [k, value] of sum.entries()) {
        const terms = given.map((values) => values[i][k]);
        const bound = 2 ** -24 * terms.length * terms.reduce((all, term) => all + Math.abs(term), 0); // Higham, (4.4)
        expect(Math.abs(value - terms.reduce((all, term) => all + term, 0))).toBeLessThanOrEqual(bound);
      }
    }
  });

  it('is measured with the messages of a step', async () => {
    const values = 3 * 2 ** 18 + 1; // slightly more than three messages of the smallest size
    const rounds: number[][] = [];
    const rate = await measureAllReduce({
      values,
      devices: ['/device:CPU:0', '/device:CPU:1'],
      onRound: (...round) => rounds.push(round),
    });
    expect(rate).toMatchObject({ devices: 2, bytes: 4 * values, messages: 4 });
    expect(rate.seconds).toBeGreaterThan(0);
    expect(rate.latency).toBeGreaterThan(0);
    expect(rounds.map(([done]) => done)).toEqual(Array.from({ length: rounds[0][1] }, (_, i) => i + 1));
  });
});

it('the bandwidth is that of a ring, in which a device sends each value 2 (R - 1) / R times', () => {
  expect(bandwidthOf({ devices: 2, bytes: 8e9, seconds: 2 })).toBe(4e9);
  expect(bandwidthOf({ devices: 4, bytes: 8e9, seconds: 2 })).toBe(6e9);
});

it('devices that share a link send over it only what the others lack', () => {
  const size = { devices: 4, bytes: 8e9, messages: 10 };
  const link = { bandwidth: 1e9, hop: 1e-3 };
  expect(allReduceSeconds(size, link)).toBeCloseTo(12 + 0.06, 9); // a ring: 2 × 3 / 4 of 8 GB, 10 messages of 6 hops
  expect(allReduceSeconds(size, link, 2)).toBeCloseTo(16 + 0.06, 9); // 2 × 2 devices × 2 / 4
  expect(allReduceSeconds(size, link, 4)).toBeCloseTo(0.06, 9); // all of them in one process
});
