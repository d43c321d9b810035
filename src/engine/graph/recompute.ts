/**
 * @file Rematerialisation: a pass over a recorded graph that recomputes cheap values instead of keeping them for the
 * backward pass (Chen et al., "Training deep nets with sublinear memory cost", arXiv 1604.06174).
 *
 * The outputs of activations, LayerNorm and dropout are elementwise functions of values that are kept anyway. Each
 * takes one pass over memory, where a product takes a hundred times that.
 */
import { sizeOf } from '../../base/shape.js';
import { ELEMENTWISE } from './elementwise.js';
import { BYTES, type GraphNode } from './graph.js';
import { producerName } from './order.js';

/** Values with fewer elements are not worth it. */
const WORTHWHILE = 100_000;

/** Values that exist in any case: parameters, inputs, constants. */
const GIVEN = new Set(['ReadVariableOp', 'VarHandleOp', 'Placeholder', 'Const', 'Fill']);

/** A range of a graph's nodes, its end excluded. */
export type NodeRange = readonly [from: number, to: number];

/**
 * Gives each backward pass its own copy of the values that it can recompute.
 *
 * @param nodes in topological order, as recorded
 * @param backward the ranges of the backward passes, in order
 */
export function recompute(nodes: readonly GraphNode[], backward: readonly NodeRange[]): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const isBackward = new Set(backward.flatMap(([from, to]) => nodes.slice(from, to)));
  const readByBackward = new Set(
    [...isBackward].flatMap(({ inputs }) => inputs.map((input) => byName.get(producerName(input))!)),
  );
  const recomputed = chooseRecomputed(
    nodes.filter((node) => readByBackward.has(node) && !isBackward.has(node)),
    byName,
  );

  const copyName = (name: string): string => (recomputed.has(name) ? `${name}/again` : name);
  const copy = (node: GraphNode): GraphNode => ({ ...node, inputs: node.inputs.map(copyName) });
  const result: GraphNode[] = [];
  let end = 0;
  for (const [from, to] of backward) {
    const before = nodes.slice(end, from);
    const again = before
      .filter(({ name }) => recomputed.has(name))
      .map((node) => ({ ...copy(node), name: copyName(node.name) }));
    result.push(...before, ...again, ...nodes.slice(from, to).map(copy));
    end = to;
  }
  return [...result, ...nodes.slice(end)];
}

/**
 * The names of the nodes to rematerialise.
 *
 * @param crossing what the backward pass reads from the forward pass, in order
 */
function chooseRecomputed(crossing: readonly GraphNode[], byName: ReadonlyMap<string, GraphNode>): Set<string> {
  const kept = new Set<GraphNode>();
  const recomputed = new Set<string>();
  for (const node of crossing) {
    const { path, sources } = pathTo(node, byName, kept);
    const cost = sources.reduce((sum, source) => sum + bytesOf(source), 0);
    if (sizeOf(node.shape) < WORTHWHILE || path.length === 0 || cost >= bytesOf(node)) {
      kept.add(node);
      continue;
    }
    for (const source of sources) kept.add(source);
    for (const { name } of path) recomputed.add(name);
  }
  for (const { name } of kept) recomputed.delete(name);
  return recomputed;
}

/** The elementwise nodes that compute a value, and their sources: those of their inputs that are not kept yet. */
function pathTo(
  node: GraphNode,
  byName: ReadonlyMap<string, GraphNode>,
  kept: ReadonlySet<GraphNode>,
): { path: GraphNode[]; sources: GraphNode[] } {
  const path = new Set<GraphNode>();
  const sources = new Set<GraphNode>();
  const visit = (each: GraphNode): void => {
    if (kept.has(each) || GIVEN.has(each.op) || path.has(each)) return;
    if (!ELEMENTWISE.has(each.op)) {
      sources.add(each);
      return;
    }
    path.add(each);
    for (const input of each.inputs) visit(byName.get(producerName(input))!);
  };
  visit(node);
  return { path: [...path], sources: [...sources] };
}

function bytesOf({ shape, dtype }: GraphNode): number {
  return sizeOf(shape) * BYTES[dtype];
}
