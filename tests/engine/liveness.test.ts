import { describe, expect, it } from 'vitest';
import { fuse } from '../../src/engine/graph/fusion.js';
import { Graph, type GraphNode, type Value } from '../../src/engine/graph/graph.js';
import { peakBytes } from '../../src/engine/graph/liveness.js';
import { after, assignVariable, declareVariable, placeholder, readVariable } from '../../src/engine/graph/variables.js';

const SHAPE = [400, 400];
const BYTES = 4 * 400 * 400;

const op = (graph: Graph, name: string, ...inputs: Value[]): GraphNode =>
  graph.add(name, inputs, { T: { type: 'float32' } }, { dtype: 'float32', shape: SHAPE });

/** The peak of a graph in tensors of `SHAPE`; feeds do not count. */
function peakOf(make: (graph: Graph, x: GraphNode) => Value): number {
  const graph = new Graph();
  const x = placeholder(graph, 'x', SHAPE, 'float32');
  after(graph, make(graph, x), [], 'done');
  return peakBytes(graph.nodes, 'done') / BYTES;
}

describe('simultaneously live values', () => {
  it('are an input and an output of a product, however long the chain', () => {
    expect(peakOf((graph, x) => op(graph, 'MatMul', op(graph, 'MatMul', op(graph, 'MatMul', x, x), x), x))).toBe(2);
  });

  it('include what a later op reads', () => {
    expect(
      peakOf((graph, x) => {
        const early = op(graph, 'MatMul', x, x);
        return op(graph, 'MatMul', op(graph, 'MatMul', op(graph, 'MatMul', early, x), x), early);
      }),
    ).toBe(3);
  });

  it('are one buffer if an elementwise op overwrites its input, or for a reshape', () => {
    expect(peakOf((graph, x) => op(graph, 'Exp', op(graph, 'Reshape', op(graph, 'Exp', x), graph.int32(SHAPE))))).toBe(
      1,
    );
  });

  it('exclude what the fetched node does not need, and variables', () => {
    expect(
      peakOf((graph, x) => {
        op(graph, 'MatMul', op(graph, 'MatMul', x, x), op(graph, 'MatMul', x, x));
        const variable = declareVariable(graph, 'v', SHAPE);
        const assigned = assignVariable(graph, variable, op(graph, 'MatMul', readVariable(graph, variable), x));
        return after(graph, graph.scalar(1, 'float32'), [assigned], 'assigned');
      }),
    ).toBe(1);
  });

  it('are fewer in a fused loop, whose intermediate values take no memory', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const shared = op(graph, 'Exp', op(graph, 'MatMul', x, x));
    after(
      graph,
      op(
        graph,
        'MatMul',
        op(graph, 'Mul', op(graph, 'Sub', shared, x), op(graph, 'Mul', op(graph, 'AddV2', shared, x), shared)),
        x,
      ),
      [],
      'done',
    );
    const fused = fuse(graph.nodes, ['done']);
    expect(fused.functions).toHaveLength(1);
    expect(peakBytes(fused.nodes, 'done') / BYTES).toBe(2);
    expect(peakBytes(graph.nodes, 'done') / BYTES).toBe(3);
  });
});
