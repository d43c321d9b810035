/** @file In which order a graph's nodes run, and what they run for. */
import { sizeOf } from '../../models/text-encoder.js';
import type { GraphNode } from './graph.js';

/** The node that an input comes from: inputs may name an output (`node:1`), or only ask to come later (`^node`). */
export const producerName = (input: string): string => input.replace(/^\^/, '').replace(/:\d+$/, '');

/** Every node after those it takes from; otherwise as they came, each only when the first that needs it is next. */
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
 * For every node, which fetches need it: a bit each, however many there are.
 *
 * @param ordered every node after those it takes from
 * @param fetched names of the nodes that are fetched
 */
export function purposesOf(ordered: readonly GraphNode[], fetched: readonly string[]): Map<GraphNode, bigint> {
  const byName = new Map(ordered.map((node) => [node.name, node]));
  const bits = new Map<string, bigint>();
  for (const [i, name] of fetched.entries()) bits.set(name, (bits.get(name) ?? 0n) | (1n << BigInt(i)));
  const purposes = new Map<GraphNode, bigint>(ordered.map((node) => [node, bits.get(node.name) ?? 0n]));
  for (const node of [...ordered].reverse()) {
    for (const input of node.inputs) {
      const producer = byName.get(producerName(input))!;
      purposes.set(producer, purposes.get(producer)! | purposes.get(node)!);
    }
  }
  return purposes;
}

/** Nodes with fewer values hold no memory to speak of, and run whenever they can. */
const HEAVY_VALUES = 100_000;

/** How many may run at once: with a second one, what a processor cannot share among its cores costs no time. */
const AT_ONCE = 2;

/**
 * Makes heavy nodes run in order, a few at a time. TensorFlow runs whatever can run: the teacher beside the student,
 * the inputs' gradients of all layers before the weights', and all that is kept for a late one takes memory until then.
 *
 * @param nodes in the order wanted, as far as `inOrder` leaves it
 * @param fetched names of the nodes that are fetched: a node waits only for those that are needed wherever it is
 */
export function serialise(nodes: readonly GraphNode[], fetched: readonly string[]): GraphNode[] {
  const ordered = inOrder(nodes);
  const purposes = purposesOf(ordered, fetched);
  const before = new Map<bigint, GraphNode[]>(); // for each purpose met, the heavy nodes that all of it needs, in order
  return ordered.map((node) => {
    const purpose = purposes.get(node)!;
    if (purpose === 0n || sizeOf(node.shape) < HEAVY_VALUES || isFree(node)) return node;
    if (!before.has(purpose))
      before.set(
        purpose,
        ordered.slice(0, ordered.indexOf(node)).filter((other) => isHeavyFor(other, purpose)),
      );
    const awaited = before.get(purpose)!.at(-AT_ONCE);
    for (const [other, list] of before) if ((purpose & other) === other) list.push(node);
    return awaited === undefined ? node : { ...node, inputs: [...node.inputs, `^${awaited.name}`] };
  });

  function isHeavyFor(node: GraphNode, purpose: bigint): boolean {
    return (purposes.get(node)! & purpose) === purpose && sizeOf(node.shape) >= HEAVY_VALUES && !isFree(node);
  }
}

/** Ops that compute nothing: what they give is there already, or small until it is read. */
const FREE = new Set(['ReadVariableOp', 'VarHandleOp', 'Placeholder', 'Const', 'Identity', 'Reshape']);

function isFree({ op }: GraphNode): boolean {
  return FREE.has(op);
}
