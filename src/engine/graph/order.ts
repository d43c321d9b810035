/** @file The order in which a graph's nodes run, and which fetches need them. */
import { sizeOf } from '../../base/shape.js';
import type { GraphNode } from './graph.js';

/** The node that an input comes from: inputs may name an output (`node:1`), or be control inputs (`^node`). */
export const producerName = (input: string): string => input.replace(/^\^/, '').replace(/:\d+$/, '');

/** Sorts nodes topologically. They keep their order, except that what a node needs moves to just before it. */
export function inOrder(nodes: readonly GraphNode[]): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const ordered = new Set<GraphNode>();
  const visit = (node: GraphNode): void => {
    const stack: [node: GraphNode, next: number][] = [[node, 0]];
    while (stack.length > 0) {
      const [top, next] = stack.at(-1)!;
      if (ordered.has(top) || next === top.inputs.length) {
        ordered.add(top);
        stack.pop();
        continue;
      }
      stack.at(-1)![1]++;
      const producer = byName.get(producerName(top.inputs[next]!))!;
      if (!ordered.has(producer)) stack.push([producer, 0]);
    }
  };
  for (const node of nodes) visit(node);
  return [...ordered];
}

/**
 * Reachability: for every node the fetches that need it, as bits.
 *
 * @param ordered nodes in topological order
 * @param fetched names of the fetched nodes
 */
export function reachableFetches(ordered: readonly GraphNode[], fetched: readonly string[]): Map<GraphNode, bigint> {
  const byName = new Map(ordered.map((node) => [node.name, node]));
  const bits = new Map<string, bigint>();
  for (const [i, name] of fetched.entries()) bits.set(name, (bits.get(name) ?? 0n) | (1n << BigInt(i)));
  const reachable = new Map<GraphNode, bigint>(ordered.map((node) => [node, bits.get(node.name) ?? 0n]));
  for (const node of [...ordered].reverse()) {
    for (const input of node.inputs) {
      const producer = byName.get(producerName(input))!;
      reachable.set(producer, reachable.get(producer)! | reachable.get(node)!);
    }
  }
  return reachable;
}

/** Nodes with fewer values take negligible memory and run as soon as they can. */
const HEAVY_VALUES = 100_000;

/**
 * How many heavy nodes may have begun and not ended: enough that some are independent of each other (the products of a
 * layer's gradients, and the loops between them, which use one core), and so few that little waits in memory.
 */
const AT_ONCE = 8;

/**
 * Makes heavy nodes run in order, a few at a time. By itself TensorFlow runs whatever is ready: the input gradients of
 * all layers before the weight gradients. Everything kept for a late node takes memory until that node runs.
 *
 * @param nodes in the desired order, as far as `inOrder` keeps it
 * @param fetched names of the fetched nodes; a node waits only for nodes that all its fetches need
 * @param options `beside`, a node that runs, with all it needs, beside the others as soon as it can; `atOnce`, how many
 *   heavy nodes may have begun and not ended
 */
export function serialise(
  nodes: readonly GraphNode[],
  fetched: readonly string[],
  { beside, atOnce = AT_ONCE }: { readonly beside?: GraphNode | undefined; readonly atOnce?: number } = {},
): GraphNode[] {
  const ordered = inOrder(nodes);
  const reachable = reachableFetches(ordered, fetched);
  const forBeside = reachableFetches(ordered, beside === undefined ? [] : [beside.name]);
  const takesTurns = (node: GraphNode): boolean =>
    sizeOf(node.shape) >= HEAVY_VALUES && !FREE.has(node.op) && forBeside.get(node) === 0n;
  const before = new Map<bigint, GraphNode[]>(); // by set of fetches: the nodes that take turns and all of them need
  return ordered.map((node) => {
    const fetches = reachable.get(node)!;
    if (fetches === 0n || !takesTurns(node)) return node;
    if (!before.has(fetches))
      before.set(
        fetches,
        ordered
          .slice(0, ordered.indexOf(node))
          .filter((other) => (reachable.get(other)! & fetches) === fetches && takesTurns(other)),
      );
    const awaited = before.get(fetches)!.at(-atOnce);
    for (const [other, list] of before) if ((fetches & other) === other) list.push(node);
    return awaited === undefined ? node : { ...node, inputs: [...node.inputs, `^${awaited.name}`] };
  });
}

/** Ops that compute nothing: their output exists already, or is small until it is read. */
const FREE = new Set(['ReadVariableOp', 'VarHandleOp', 'Placeholder', 'Const', 'Identity', 'Reshape']);
