/** @file Sums of squares, of which a gradient's norm is made, as a pass over a recorded graph. */
import type { GraphNode } from './graph.js';

/**
 * The graph with the sum of all squares of a value as twice its `L2Loss`, which reads the value once. XLA writes the
 * squares before it adds them up, and adds one at a time. Node names stay, and with them feeds and fetches.
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
