/** @file A pass over a recorded graph that lets TensorFlow fuse biases into products. */
import type { GraphNode } from './graph.js';

/**
 * Turns the bias additions after products into `BiasAdd`: TensorFlow then computes a product, its bias and a following
 * GELU in one op. Node names do not change, so feeds and fetches stay valid.
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
