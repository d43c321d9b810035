/**
 * @file How much memory the values of a graph take while it runs, counted over its nodes in the order in which they
 *   run.
 */
import { sizeOf } from '../../models/text-encoder.js';
import { ELEMENTWISE, type FusedGraph, type GraphFunction } from './fusion.js';
import { BYTES, type GraphNode, type Value } from './graph.js';
import { inOrder, purposesOf } from './order.js';

/** Ops whose output is a buffer that is there already: a variable's, what was fed, an input's own. */
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
 * The most bytes that live at once between ops, without the variables. What a fused loop or a product takes inside is
 * not counted.
 *
 * @param fetched the name of the node that is fetched: what it does not need does not run
 */
export function peakBytes({ nodes, functions }: FusedGraph, fetched: string): number {
  const ordered = inOrder(nodes);
  const purposes = purposesOf(ordered, [fetched]);
  const running = ordered.filter((node) => purposes.get(node) !== 0n);
  const bufferOf = buffersOf(running);
  const lastReads = new Map<string, number>();
  for (const [i, node] of running.entries()) for (const input of readsOf(node)) lastReads.set(bufferOf(input), i);

  const outputs = outputsOf(functions);
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
    if (ELEMENTWISE.has(node.op)) dying.forEach(end); // its output takes an input's place
    for (const [k, { shape, dtype }] of outputs(node).entries()) {
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

/** What a node gives that takes memory of its own. */
function outputsOf(
  functions: readonly GraphFunction[],
): (node: GraphNode) => readonly Pick<Value, 'shape' | 'dtype'>[] {
  const byName = new Map(
    functions.map((definition) => [
      definition.name,
      definition.outputs.map((of) => definition.nodes.find(({ name }) => name === of)!),
    ]),
  );
  return (node) => {
    if (WITHOUT_BUFFER.has(node.op) || ALIASES.has(node.op)) return [];
    const { f } = node.attributes;
    return f !== undefined && 'function' in f ? byName.get(f.function)! : [node];
  };
}

/** By an output's name, the name of the output in whose buffer its values lie. */
function buffersOf(nodes: readonly GraphNode[]): (output: string) => string {
  const sources = new Map(nodes.filter(({ op }) => ALIASES.has(op)).map(({ name, inputs }) => [name, inputs[0]]));
  return (output) => {
    let buffer = output;
    while (sources.has(buffer)) buffer = sources.get(buffer)!;
    return buffer;
  };
}

/** The outputs that a node reads, without what only has to come before it. */
function readsOf({ inputs }: GraphNode): string[] {
  return inputs.filter((input) => !input.startsWith('^'));
}

const outputName = (node: string, index: number): string => (index === 0 ? node : `${node}:${index}`);
