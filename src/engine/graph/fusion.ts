/**
 * @file A pass over a recorded graph that groups its ops, either all or only the elementwise ones, into functions for
 * TensorFlow's compiler (XLA).
 *
 * TensorFlow can group elementwise ops itself (`tf_xla_auto_jit`), but then compiles every group separately: hundreds
 * of them, most from repetitions of the same layer. Here equal groups are calls of one function, which is compiled
 * once. Unless all ops are compiled, products stay outside and run in oneDNN.
 */
import { ELEMENTWISE } from './elementwise.js';
import { callFunctions, type FusedGraph } from './functions.js';
import type { GraphNode } from './graph.js';
import { groupOps, type Grouping } from './op-groups.js';
import { inOrder, reachableFetches } from './order.js';

/** Which ops become functions, and when that is worth it. */
interface Fusion extends Grouping {
  /** Values that a function must process, over all its calls, to be worth compiling. */
  readonly worthwhile: number;
}

const FUSIBLE = new Set([...ELEMENTWISE, 'Sum', 'Mean', 'Max']);

/** Elementwise ops, and the reductions that end their loops. Ops connected only through a scalar share no loop. */
const LOOPS: Fusion = {
  isGrouped: ({ op }) => FUSIBLE.has(op),
  joinsScalars: false,
  worthwhile: 100_000,
};

/** Everything that a recorded step computes except random numbers, for which XLA has generators of its own. */
const COMPILED = new Set([
  ...FUSIBLE,
  ...['MatMul', 'BatchMatMulV2', 'Softmax', 'ArgMax', 'All', 'Cumsum', 'IsFinite', 'UnsortedSegmentSum'],
  ...['ConcatV2', 'GatherV2', 'Pack', 'PadV2', 'Slice', 'Transpose'],
]);

/** Everything that is computed between variables, feeds and fetches. */
const WHOLE: Fusion = {
  isGrouped: ({ op, inputs }) => COMPILED.has(op) && !inputs.some((input) => input.startsWith('^')),
  joinsScalars: true,
  worthwhile: 0,
};

/**
 * Groups fusible ops into functions.
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
  return callFunctions(ordered, groups, timesOf, LOOPS.worthwhile);
}

/**
 * Puts everything that is computed for the same fetches into one function, products included.
 *
 * @param nodes in any order
 * @param fetched names of the fetched nodes
 */
export function compileWhole(nodes: readonly GraphNode[], fetched: readonly string[]): FusedGraph {
  const ordered = inOrder(nodes);
  return callFunctions(ordered, groupOps(ordered, fetched, WHOLE), () => 1, WHOLE.worthwhile);
}
