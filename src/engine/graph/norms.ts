/** @file A pass over a recorded graph that speeds up the sums of squares in gradient norms. */
import type { GraphNode } from './graph.js';

/**
 * Turns the sum of a value's squares into twice its `L2Loss`, which reads the value once. XLA writes the squares to
 * memory before it adds them up, one at a time. Node names do not change, so feeds and fetches stay valid.
 */
export function joinSquares(nodes: readonly GraphNode[]): GraphNode[] {
  const squares = new Map(nodes.flatMap((node) => (node.op === 'Square' ? [[node.name, node] as const] : [])));
  return nodes.flatMap((node) => {
    const square = squares.get(node.inputs[0]!);
    if (node.op !== 'Sum' || node.shape.length > 0 || square?.dtype !== 'float32') return [node];
    const attributes = { T: { type: square.dtype } };
    const half = { ...node, name: `${node.name}/half`, op: 'L2Loss', inputs: square.inputs, attributes };
    return [half, { ...node, op: 'AddV2', inputs: [half.name, half.name], attributes }];
  });
}
