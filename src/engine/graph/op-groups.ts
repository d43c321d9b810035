/** @file Groups of connected ops, each of which can become one function. */
import { sizeOf } from '../../base/shape.js';
import type { GraphNode } from './graph.js';
import { producerName, reachableFetches } from './order.js';

/** Which ops of a graph are grouped. */
export interface Grouping {
  readonly isGrouped: (node: GraphNode) => boolean;
  /** Whether two such ops, the second of which reads the first, may be in one group. */
  readonly mayJoin: (from: GraphNode, to: GraphNode) => boolean;
}

/** The edges of a graph that matter for groups. */
interface Edges {
  readonly inputsOf: (node: GraphNode) => readonly GraphNode[];
  /** Whether this edge lets its two nodes be in one group. */
  readonly mayJoin: (from: GraphNode, to: GraphNode) => boolean;
}

/** Ops without inputs, which are copied into every group that uses them. */
const COPIED = new Set(['Const', 'Fill']);
/** Constants of up to this many values are copied. */
const COPIED_VALUES = 64;

/** Whether a node is copied into every group that uses it instead of belonging to one. */
export function isCopied({ op, shape }: GraphNode): boolean {
  return COPIED.has(op) && (op === 'Fill' || sizeOf(shape) <= COPIED_VALUES);
}

/**
 * Groups of connected ops, each in the order of the graph.
 *
 * @param ordered nodes in topological order
 * @param fetched names of the fetched nodes; ops needed by different fetches are not grouped together
 */
export function groupOps(ordered: readonly GraphNode[], fetched: readonly string[], grouping: Grouping): GraphNode[][] {
  const byName = new Map(ordered.map((node) => [node.name, node]));
  const reachable = reachableFetches(ordered, fetched);
  const inputsOf = (node: GraphNode): GraphNode[] =>
    node.inputs.map((name) => byName.get(producerName(name))!).filter((input) => !isCopied(input));
  const { isGrouped } = grouping;
  const mayJoin = (from: GraphNode, to: GraphNode): boolean =>
    isGrouped(from) && isGrouped(to) && reachable.get(from) === reachable.get(to) && grouping.mayJoin(from, to);
  const stages = stagesOf(ordered, isGrouped, { inputsOf, mayJoin });

  const groupOf = new Map<GraphNode, GraphNode[]>();
  for (const node of ordered) {
    if (!isGrouped(node)) continue;
    let group = [node];
    for (const input of inputsOf(node)) {
      if (!mayJoin(input, node) || stages.get(input) !== stages.get(node)) continue;
      const other = groupOf.get(input)!;
      if (other === group) continue;
      const [small, large] = group.length < other.length ? [group, other] : [other, group];
      large.push(...small);
      for (const member of small) groupOf.set(member, large);
      group = large;
    }
    groupOf.set(node, group);
  }
  const places = new Map(ordered.map((node, place) => [node, place]));
  return [...new Set(groupOf.values())].map((group) => group.sort((a, b) => places.get(a)! - places.get(b)!));
}

/**
 * Each op's stage, which rises along every edge that cannot be inside a group, so that ops of one stage can form a
 * group without creating a cycle. Ops that are not grouped get the earliest possible stage, the others the latest, so
 * that a rematerialised value joins the group that needs it.
 */
function stagesOf(
  ordered: readonly GraphNode[],
  isGrouped: Grouping['isGrouped'],
  { inputsOf, mayJoin }: Edges,
): ReadonlyMap<GraphNode, number> {
  const stages = new Map<GraphNode, number>();
  for (const node of ordered) {
    stages.set(
      node,
      Math.max(0, ...inputsOf(node).map((input) => stages.get(input)! + (mayJoin(input, node) ? 0 : 1))),
    );
  }
  const latest = new Map<GraphNode, number>();
  for (const node of [...ordered].reverse()) {
    const stage = isGrouped(node) && latest.has(node) ? latest.get(node)! : stages.get(node)!;
    stages.set(node, stage);
    for (const input of inputsOf(node)) {
      const bound = stage - (mayJoin(input, node) ? 0 : 1);
      latest.set(input, Math.min(latest.get(input) ?? Infinity, bound));
    }
  }
  return stages;
}
