/**
 * @file Computing anew what is cheap, instead of keeping it for the backward pass (Chen et al., "Training deep nets with
 * sublinear memory cost", arXiv 1604.06174), as a pass over a recorded graph.
 *
 * An activation's output, what LayerNorm gives, what dropout leaves: elementwise functions of values that are kept
 * anyway. Each takes a loop over memory, where a product takes a hundred times that.
 */
import { sizeOf } from '../../models/text-encoder.js';
import { ELEMENTWISE } from './fusion.js';
import { BYTES, type GraphNode } from './graph.js';
import { producerName } from './order.js';

/** Values with fewer elements are not worth it. */
const WORTHWHILE = 100_000;

/** What is there in any case: parameters, inputs, constants. */
const GIVEN = new Set(['ReadVariableOp', 'VarHandleOp', 'Placeholder', 'Const', 'Fill']);

/**
 * Gives the backward pass its own copy of what it can compute from less.
 *
 * @param nodes as they were recorded: every node after those it takes from
 * @param forward how many of them, from the first, are not of the backward pass
 */
export function recompute(nodes: readonly GraphNode[], forward: number): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const isForward = new Set(nodes.slice(0, forward));
  const crossing = new Set(nodes.slice(forward).flatMap(({ inputs }) => inputs.map((input) => byName.get(producerName(input))!)).filter((node) => isForward.has(node)));
  const anew = chooseAnew(nodes.filter((node) => crossing.has(node)), byName);

  const copyName = (name: string): string => (anew.has(name) ? `${name}/again` : name);
  const copy = (node: GraphNode): GraphNode => ({ ...node, inputs: node.inputs.map(copyName) });
  return [
    ...nodes.slice(0, forward),
    ...nodes.slice(0, forward).filter(({ name }) => anew.has(name)).map((node) => ({ ...copy(node), name: copyName(node.name) })),
    ...nodes.slice(forward).map(copy),
  ];
}

/**
 * The names of the nodes to compute anew.
 *
 * @param crossing what the backward pass reads of the forward pass, in order
 */
function chooseAnew(crossing: readonly GraphNode[], byName: ReadonlyMap<string, GraphNode>): Set<string> {
  const kept = new Set<GraphNode>();
  const anew = new Set<string>();
  for (const node of crossing) {
    const { between, from } = sourcesOf(node, byName, kept);
    const cost = from.reduce((sum, source) => sum + bytesOf(source), 0);
    if (sizeOf(node.shape) < WORTHWHILE || between.length === 0 || cost >= bytesOf(node)) {
      kept.add(node);
      continue;
    }
    for (const source of from) kept.add(source);
    for (const { name } of between) anew.add(name);
  }
  for (const { name } of kept) anew.delete(name);
  return anew;
}

/** The elementwise nodes that a value is computed with, and what has to be kept for it that is not kept yet. */
function sourcesOf(node: GraphNode, byName: ReadonlyMap<string, GraphNode>, kept: ReadonlySet<GraphNode>): { between: GraphNode[]; from: GraphNode[] } {
  const between = new Set<GraphNode>();
  const from = new Set<GraphNode>();
  const visit = (each: GraphNode): void => {
    if (kept.has(each) || GIVEN.has(each.op) || between.has(each)) return;
    if (!ELEMENTWISE.has(each.op)) {
      from.add(each);
      return;
    }
    between.add(each);
    for (const input of each.inputs) visit(byName.get(producerName(input))!);
  };
  visit(node);
  return { between: [...between], from: [...from] };
}

function bytesOf({ shape, dtype }: GraphNode): number {
  return sizeOf(shape) * BYTES[dtype];
}
