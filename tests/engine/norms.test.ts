import { describe, expect, it } from 'vitest';
import { Graph, type GraphNode } from '../../src/engine/graph/graph.js';
import { joinSquares } from '../../src/engine/graph/norms.js';
import { openSession } from '../../src/engine/graph/session.js';
import { after, placeholder } from '../../src/engine/graph/variables.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';

const SHAPE = [300, 7];

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

describe('sums of squares', () => {
  it('are one op that reads the value, if over all axes', () => {
    const { graph, x, sum } = sumGraph('Square', [0, 1]);
    const joined = joinSquares(graph.nodes);
    const half = joined.find(({ op }) => op === 'L2Loss')!;
    expect(half.inputs).toEqual([x.name]);
    expect(joined.find(({ name }) => name === sum.name)).toMatchObject({ op: 'AddV2', inputs: [half.name, half.name] });
  });

  it.each([
    ['Square', [0]],
    ['Abs', [0, 1]],
  ] as const)('are unchanged otherwise: %s over %s', (op, axes) => {
    const { graph } = sumGraph(op, axes);
    expect(joinSquares(graph.nodes)).toEqual(graph.nodes);
  });

  it.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('equal those of float64', async () => {
    await loadBackend('tensorflow');
    const { graph, x, done } = sumGraph('Square', [0, 1]);
    const session = openSession(joinSquares(graph.nodes));
    const values = Float32Array.from({ length: 2100 }, (_, i) => Math.sin(i) * 10 ** (i % 5));
    const [fetched] = await session.run([[x, values]], [done]);
    const expected = values.reduce((sum, value) => sum + value * value, 0);
    expect(Math.abs(fetched.data[0] / expected - 1)).toBeLessThan(2100 * 2 ** -24); // one rounding for each addition
    fetched.release();
    session.close();
  });
});
