import { describe, expect, it } from 'vitest';
import { Graph, type GraphNode } from '../../src/engine/graph/graph.js';
import { spellOutSoftmax, sumRowsFirst } from '../../src/engine/graph/row-reductions.js';
import { openSession } from '../../src/engine/graph/session.js';
import { after, placeholder } from '../../src/engine/graph/variables.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';

const SHAPE = [300, 7];
const VALUES = Float32Array.from({ length: 2100 }, (_, i) => Math.sin(i) * 10 ** (i % 5));

/** A sum of a value over some axes, fetched as `done`. */
function sumGraph(
  op: string,
  axes: readonly number[],
): { graph: Graph; x: GraphNode; sum: GraphNode; done: GraphNode } {
  const graph = new Graph();
  const x = placeholder(graph, 'x', SHAPE, 'float32');
  const value = graph.add(op, [x], { T: { type: 'float32' } }, x);
  const shape = SHAPE.filter((_, axis) => !axes.includes(axis));
  const sum = graph.add(
    'Sum',
    [value, graph.int32(axes)],
    { T: { type: 'float32' }, Tidx: { type: 'int32' }, keep_dims: { bool: false } },
    { dtype: 'float32', shape },
  );
  return { graph, x, sum, done: after(graph, sum, [], 'done') };
}

async function valuesOf(nodes: readonly GraphNode[], x: GraphNode, done: GraphNode): Promise<number[]> {
  const session = openSession(nodes);
  const [fetched] = await session.run([[x, VALUES]], [done]);
  const values = [...fetched.data];
  fetched.release();
  session.close();
  return values;
}

describe('sums of squares', () => {
  it('are sums of the sums of rows, if over all axes', () => {
    const { graph, x, sum } = sumGraph('Square', [0, 1]);
    const summed = sumRowsFirst(graph.nodes);
    const rows = summed.find(({ op, shape }) => op === 'Sum' && shape.length > 0)!;
    expect(rows.shape).toEqual([300, 1]);
    expect(summed.find(({ name }) => name === rows.inputs[0])).toMatchObject({ op: 'Square', inputs: [x.name] });
    expect(summed.find(({ name }) => name === sum.name)).toMatchObject({ op: 'Sum', shape: [] });
    expect(summed.find(({ name }) => name === sum.name)!.inputs[0]).toBe(rows.name);
  });

  it.each([
    ['Square', [0]],
    ['Abs', [0, 1]],
  ] as const)('are unchanged otherwise: %s over %s', (op, axes) => {
    const { graph } = sumGraph(op, axes);
    expect(sumRowsFirst(graph.nodes)).toEqual(graph.nodes);
  });

  it.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('equal those of float64', async () => {
    await loadBackend('tensorflow');
    const { graph, x, done } = sumGraph('Square', [0, 1]);
    const [sum] = await valuesOf(sumRowsFirst(graph.nodes), x, done);
    const expected = VALUES.reduce((total, value) => total + value * value, 0);
    expect(Math.abs(sum / expected - 1)).toBeLessThan(2100 * 2 ** -24); // one rounding for each addition
  });
});

describe('softmax', () => {
  it.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('equals that of float64, for scores of any size', async () => {
    await loadBackend('tensorflow');
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const weights = graph.add('Softmax', [x], { T: { type: 'float32' } }, x);
    const nodes = spellOutSoftmax([...graph.nodes, after(graph, weights, [], 'done')]);
    expect(nodes.map(({ op }) => op)).not.toContain('Softmax');
    const values = await valuesOf(nodes, x, nodes.at(-1)!);
    for (let row = 0; row < 300; row++) {
      const scores = [...VALUES.subarray(7 * row, 7 * row + 7)];
      const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
      const sum = powers.reduce((a, b) => a + b);
      for (const [i, power] of powers.entries()) {
        const weight = power / sum;
        // a score is rounded when the largest is subtracted, a power by 2 units, and 7 of them are added and divided
        const units = Math.abs(scores[i] - Math.max(...scores)) + 12;
        expect(Math.abs(values[7 * row + i] - weight)).toBeLessThan(weight * units * 2 ** -24 + 2 ** -126);
      }
    }
  });
});
