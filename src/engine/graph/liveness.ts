/** @file Liveness: how much memory a graph's values take while it runs, counted over its nodes in execution order. */
import { sizeOf } from '../../base/shape.js';
import { ELEMENTWISE } from './elementwise.js';
import { BYTES, type GraphNode, type Output } from './graph.js';
import { inOrder, reachableFetches } from './order.js';

/** Ops whose output shares an existing buffer: a variable's, a feed's, or an input's. */
const WITHOUT_BUFFER = new Set([
  'VarHandleOp',
  'ReadVariableOp',
  'Placeholder',
  'Const',
  'AssignVariableOp',
  'AssignAddVariableOp',
]);
const ALIASES = new Set(['Reshape', 'Identity']);

/**
 * The peak of bytes live at once between ops, without the variables. Memory used inside a fused loop or a product is
 * not counted.
 *
 * @param fetched the name of the fetched node; nodes that it does not need do not run
 */
export function peakBytes(nodes: readonly GraphNode[], fetched: string): number {
  const ordered = inOrder(nodes);
  const reachable = reachableFetches(ordered, [fetched]);
  const running = ordered.filter((node) => reachable.get(node) !== 0n);
  const bufferOf = buffersOf(running);
  const lastReads = new Map<string, number>();
  for (const [i, node] of running.entries()) for (const input of readsOf(node)) lastReads.set(bufferOf(input), i);

  const living = new Map<string, number>();
  let [now, peak] = [0, 0];
  const end = (buffer: string): void => {
    now -= living.get(buffer) ?? 0;
    living.delete(buffer);
  };
  for (const [i, node] of running.entries()) {
    const dying = readsOf(node)
      .map(bufferOf)
      .filter((buffer) => lastReads.get(buffer) === i);
    if (ELEMENTWISE.has(node.op)) dying.forEach(end); // its output reuses an input's buffer
    for (const [k, { shape, dtype }] of outputsOf(node).entries()) {
      const [buffer, bytes] = [outputName(node.name, k), sizeOf(shape) * BYTES[dtype]];
      living.set(buffer, bytes);
      now += bytes;
      peak = Math.max(peak, now);
      if (!lastReads.has(buffer)) end(buffer);
    }
    dying.forEach(end);
  }
  return peak;
}

/** The outputs that a node allocates memory for. */
function outputsOf(node: GraphNode): readonly Output[] {
  if (WITHOUT_BUFFER.has(node.op) || ALIASES.has(node.op)) return [];
  return node.outputs ?? [node];
}

/** For each output, the output whose buffer it shares. */
function buffersOf(nodes: readonly GraphNode[]): (output: string) => string {
  const sources = new Map(nodes.filter(({ op }) => ALIASES.has(op)).map(({ name, inputs }) => [name, inputs[0]]));
  return (output) => {
    let buffer = output;
    while (sources.has(buffer)) buffer = sources.get(buffer)!;
    return buffer;
  };
}

/** The outputs that a node reads, without control inputs. */
function readsOf({ inputs }: GraphNode): string[] {
  return inputs.filter((input) => !input.startsWith('^'));
}

const outputName = (node: string, index: number): string => (index === 0 ? node : `${node}:${index}`);
