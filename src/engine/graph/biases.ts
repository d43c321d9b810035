/** @file Biases as a pass over a recorded graph. */
import type { GraphNode } from './graph.js';

/**
 * The graph with the biases of its products as `BiasAdd`: TensorFlow then computes a product, its bias and a GELU after
 * it in one op. Node names stay, and with them feeds and fetches.
 */
export function joinBiases(nodes: readonly GraphNode[]): GraphNode[] {
  const products = new Set(nodes.filter(({ op }) => op === 'MatMul').map(({ name }) => name));
  const vectors = new Map(nodes.flatMap(({ name, shape }) => (shape.length === 1 ? [[name, shape[0]!]] : [])));
  return nodes.map((node) => {
    const [product, bias] = node.inputs;
    if (node.op !== 'AddV2' || !products.has(product!) || vectors.get(bias!) !== node.shape.at(-1)) return node;
    return { ...node, op: 'BiasAdd', attributes: { ...node.attributes, data_format: { text: 'NHWC' } } };
  });
}
