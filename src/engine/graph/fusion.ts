/**
 * @file Passes over a recorded graph that group its ops: all of them into functions for TensorFlow's compiler (XLA), or
 * what is computed between products into loops over rows.
 *
 * A row loop keeps what it computes of a row in the CPU's cache, where separate ops would write it to memory. XLA makes
 * such loops, too, but compiles for seconds before the first step. Products stay outside and run in oneDNN.
 */
import { ELEMENTWISE } from './elementwise.js';
import { sizeOf } from '../../base/shape.js';
import { callFunctions, compiledCall, type FusedGraph } from './functions.js';
import type { GraphNode } from './graph.js';
import { groupOps, type Grouping } from './op-groups.js';
import { inOrder, reachableFetches } from './order.js';
import { haveLikeRows, isRowOp } from './row-group.js';
import { rowLoop } from './row-program.js';

/** Elementwise ops, and reductions over rows. Ops connected only through a scalar share no loop. */
const LOOPS: Grouping = {
  isGrouped: isRowOp,
  mayJoin: (from, to) => sizeOf(from.shape) > 1 && haveLikeRows(from, to),
};
/** Values that a loop must process, over all its calls, to be worthwhile. */
const WORTHWHILE_VALUES = 100_000;

/** Everything that a recorded step computes except random numbers, for which XLA has generators of its own. */
const COMPILED = new Set([
  ...ELEMENTWISE,
  ...['Sum', 'Mean', 'Max', 'MatMul', 'BatchMatMulV2', 'Softmax', 'ArgMax', 'All', 'Cumsum', 'IsFinite'],
  ...['UnsortedSegmentSum', 'ConcatV2', 'GatherV2', 'Pack', 'PadV2', 'Slice', 'Transpose'],
]);

/** Everything that is computed between variables, feeds and fetches. */
const WHOLE: Grouping = {
  isGrouped: ({ op, inputs }) => COMPILED.has(op) && !inputs.some((input) => input.startsWith('^')),
  mayJoin: () => true,
};

/**
 * Groups elementwise ops, and reductions over rows, into row loops.
 *
 * @param nodes in any order
 * @param fetched names of the fetched nodes; ops needed by different fetches are not grouped together
 * @param repeated a fetched node that is recorded once where one device would record it `times` times: it and the nodes
 *   that it needs count that often
 */
export function fuse(
  nodes: readonly GraphNode[],
  fetched: readonly string[],
  repeated?: { readonly name: string; readonly times: number },
): FusedGraph {
  const ordered = inOrder(nodes);
  const groups = groupOps(ordered, fetched, LOOPS);
  const needed = reachableFetches(ordered, repeated === undefined ? [] : [repeated.name]);
  const timesOf = (node: GraphNode): number => (needed.get(node) === 0n ? 1 : repeated!.times);
  return callFunctions(ordered, groups, rowLoop, timesOf, WORTHWHILE_VALUES);
}

/**
 * Puts everything that is computed for the same fetches into one function, products included.
 *
 * @param nodes in any order
 * @param fetched names of the fetched nodes
 */
export function compileWhole(nodes: readonly GraphNode[], fetched: readonly string[]): FusedGraph {
  const ordered = inOrder(nodes);
  return callFunctions(ordered, groupOps(ordered, fetched, WHOLE), compiledCall);
}
