/** @file Passes over a recorded graph that let row loops compute reductions, where TensorFlow has ops for more. */
import type { Attributes, GraphNode } from './graph.js';

/**
 * Sums squares row by row, then the sums of the rows, as gradient norms need it. A row loop reads the value once and
 * writes a number for each row. Node names do not change, so feeds and fetches stay valid.
 */
export function sumRowsFirst(nodes: readonly GraphNode[]): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return nodes.flatMap((node) => {
    const square = byName.get(node.inputs[0]!);
    if (node.op !== 'Sum' || node.shape.length > 0 || square?.op !== 'Square' || square.shape.length === 0)
      return [node];
    const axis = lastAxis(node.name, square.shape.length);
    const rows = reduction(`${node.name}/rows`, 'Sum', square, axis);
    return [axis, rows, { ...node, inputs: [rows.name, ...node.inputs.slice(1)] }];
  });
}

/**
 * Turns softmax into elementwise ops and reductions over rows, so that one loop masks, normalises and casts. The
 * largest value is subtracted first, as in TensorFlow. Node names do not change, so feeds and fetches stay valid.
 */
export function spellOutSoftmax(nodes: readonly GraphNode[]): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return nodes.flatMap((node) => {
    if (node.op !== 'Softmax' || node.dtype !== 'float32') return [node];
    const { name, shape, dtype } = node;
    const scores = byName.get(node.inputs[0]!)!;
    const attributes: Attributes = { T: { type: dtype } };
    const axis = lastAxis(name, shape.length);
    const largest = reduction(`${name}/largest`, 'Max', scores, axis); // [..., 1]
    const shifted = {
      ...{ name: `${name}/shifted`, op: 'Sub', inputs: [scores.name, largest.name] },
      attributes,
      dtype,
      shape,
    };
    const powers = { ...{ name: `${name}/powers`, op: 'Exp', inputs: [shifted.name] }, attributes, dtype, shape };
    const sums = reduction(`${name}/sums`, 'Sum', powers, axis); // [..., 1]
    const quotient = { ...node, op: 'RealDiv', inputs: [powers.name, sums.name], attributes };
    return [axis, largest, shifted, powers, sums, quotient];
  });
}

/** Reduces the rows of a value to numbers. `[..., W] → [..., 1]` */
function reduction(name: string, op: 'Sum' | 'Max', of: GraphNode, axis: GraphNode): GraphNode {
  const attributes: Attributes = { T: { type: of.dtype }, Tidx: { type: 'int32' }, keep_dims: { bool: true } };
  return { name, op, inputs: [of.name, axis.name], attributes, dtype: of.dtype, shape: [...of.shape.slice(0, -1), 1] };
}

/** The last axis of a value, as the argument of a reduction. `[1]` int32 */
function lastAxis(of: string, rank: number): GraphNode {
  const content = new Uint8Array(Int32Array.of(rank - 1).buffer);
  const value = { tensor: { dtype: 'int32', shape: [1], content } } as const;
  const attributes: Attributes = { dtype: { type: 'int32' }, value };
  return { name: `${of}/axis`, op: 'Const', inputs: [], attributes, dtype: 'int32', shape: [1] };
}
