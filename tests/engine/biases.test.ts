import { expect, it } from 'vitest';
import { joinBiases } from '../../src/engine/graph/biases.js';
import { Graph, type GraphNode } from '../../src/engine/graph/graph.js';
import { placeholder } from '../../src/engine/graph/variables.js';

const T = { T: { type: 'float32' } } as const;

it('turns the addition of a vector to a product with as many columns into a BiasAdd, and nothing else', () => {
  const graph = new Graph();
  const add = (op: string, inputs: readonly GraphNode[], shape: readonly number[]): GraphNode =>
    graph.add(op, inputs, T, { dtype: 'float32', shape });
  const [x, bias, one] = [[2, 3], [3], [1]].map((shape, i) => placeholder(graph, `x${i}`, shape, 'float32'));
  const product = add('MatMul', [x, x], [2, 3]);
  const biased = add('AddV2', [product, bias], [2, 3]);
  const raised = add('AddV2', [product, one], [2, 3]); // BiasAdd would not broadcast a single value
  const residual = add('AddV2', [product, x], [2, 3]);
  const plain = add('AddV2', [x, bias], [2, 3]);
  const joined = new Map(joinBiases(graph.nodes).map((node) => [node.name, node]));
  expect(joined.get(biased.name)).toEqual({
    ...biased,
    op: 'BiasAdd',
    attributes: { ...biased.attributes, data_format: { text: 'NHWC' } },
  });
  for (const node of [x, product, raised, residual, plain]) expect(joined.get(node.name)).toBe(node);
});
