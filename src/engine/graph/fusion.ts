/**
 * @file A pass over a recorded graph that groups its ops into functions for TensorFlow's compiler (XLA): elementwise
 * ops, or all.
 *
 * TensorFlow can group elementwise ops itself (`tf_xla_auto_jit`), but then compiles every group separately: hundreds
 * of them, most of them the same layer again. Here equal groups are calls of one function, which is compiled once.
 * Unless all ops are compiled, products stay outside and run in oneDNN.
 */
import { sizeOf } from '../../models/text-encoder.js';
import type { GraphDtype, GraphNode } from './graph.js';
import { inOrder, producerName, purposesOf } from './order.js';

/** A function of a graph: what a fused group computes. */
export interface GraphFunction {
  readonly name: string;
  readonly inputs: readonly GraphDtype[];
  /** Nodes in order; an input `argument:i` is the function's i-th. */
  readonly nodes: readonly GraphNode[];
  /** Names of the nodes whose values the function returns. */
  readonly outputs: readonly string[];
}

export interface FusedGraph {
  readonly nodes: readonly GraphNode[];
  readonly functions: readonly GraphFunction[];
}

/** Elementwise ops. */
export const ELEMENTWISE: ReadonlySet<string> = new Set([
  'AddV2',
  'Sub',
  'Mul',
  'RealDiv',
  'SquaredDifference',
  'Maximum',
  'Minimum',
  'Pow',
  'Equal',
  'NotEqual',
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'Square',
  'Sqrt',
  'Rsqrt',
  'Exp',
  'Erf',
  'Sigmoid',
  'Tanh',
  'Neg',
  'Abs',
  'Relu',
  'Cast',
  'Reshape',
  'SelectV2',
]);

/** Which ops of a graph are grouped, and when that is worth it. */
interface Grouping {
  readonly isGrouped: (node: GraphNode) => boolean;
  /** Whether groups grow through scalars. Loops do not: what only meets in a scalar has none in common. */
  readonly joinsScalars: boolean;
  /** Values that a function must process, over all its calls, to be worth compiling. */
  readonly worthwhile: number;
}

const FUSIBLE = new Set([...ELEMENTWISE, 'Sum', 'Mean', 'Max']);

/** Elementwise ops, and the sums that end their loops. */
const LOOPS: Grouping = {
  isGrouped: ({ op }) => FUSIBLE.has(op),
  joinsScalars: false,
  worthwhile: 100_000,
};

/** All else that a recorded step computes, but for random numbers: XLA has generators of its own. */
const COMPILED = new Set([
  ...FUSIBLE,
  ...['MatMul', 'BatchMatMulV2', 'Softmax', 'ArgMax', 'All', 'Cumsum', 'IsFinite', 'UnsortedSegmentSum'],
  ...['ConcatV2', 'GatherV2', 'Pack', 'PadV2', 'Slice', 'Transpose'],
]);

/** Everything that is computed between variables, feeds and fetches. */
const WHOLE: Grouping = {
  isGrouped: ({ op, inputs }) => COMPILED.has(op) && !inputs.some((input) => input.startsWith('^')),
  joinsScalars: true,
  worthwhile: 0,
};

/** Ops without inputs, which are copied into every group that uses them. */
const COPIED = new Set(['Const', 'Fill']);
/** Constants of up to this many values are copied. */
const COPIED_VALUES = 64;

/**
 * Groups fusible ops into functions.
 *
 * @param nodes in any order
 * @param fetched names of the nodes that are fetched: ops that different ones need stay apart
 * @param repeated a node that is fetched, and what is needed for it, count as often as they would be there otherwise
 */
export function fuse(
  nodes: readonly GraphNode[],
  fetched: readonly string[],
  repeated?: { readonly name: string; readonly times: number },
): FusedGraph {
  const ordered = inOrder(nodes);
  const groups = gather(ordered, fetched, LOOPS);
  const needed = purposesOf(ordered, repeated === undefined ? [] : [repeated.name]);
  const timesOf = (node: GraphNode): number => (needed.get(node) === 0n ? 1 : repeated!.times);
  return callFunctions(ordered, groups, timesOf, LOOPS.worthwhile);
}

/**
 * Puts all that is computed for the same fetches into one function, products included.
 *
 * @param nodes in any order
 * @param fetched names of the nodes that are fetched
 */
export function compileWhole(nodes: readonly GraphNode[], fetched: readonly string[]): FusedGraph {
  const ordered = inOrder(nodes);
  return callFunctions(ordered, gather(ordered, fetched, WHOLE), () => 1, WHOLE.worthwhile);
}

/**
 * Groups of connected ops. Each op has a stage, which rises with every edge of the graph that cannot be inside a group.
 * Ops of one stage can then form one group without a cycle. Ops that are not grouped get the earliest possible stage,
 * the others the latest, so that a rematerialised value joins the group that needs it.
 */
function gather(
  ordered: readonly GraphNode[],
  fetched: readonly string[],
  { isGrouped, joinsScalars }: Grouping,
): GraphNode[][] {
  const byName = new Map(ordered.map((node) => [node.name, node]));
  const inputsOf = (node: GraphNode): GraphNode[] =>
    node.inputs.map((name) => byName.get(producerName(name))!).filter((input) => !isCopied(input));
  const purposes = purposesOf(ordered, fetched);
  const mayJoin = (from: GraphNode, to: GraphNode): boolean =>
    isGrouped(from) &&
    isGrouped(to) &&
    purposes.get(from) === purposes.get(to) &&
    (joinsScalars || sizeOf(from.shape) > 1);

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

function isCopied({ op, shape }: GraphNode): boolean {
  return COPIED.has(op) && (op === 'Fill' || sizeOf(shape) <= COPIED_VALUES);
}

/**
 * The graph with its groups replaced by calls.
 *
 * @param timesOf how often a node counts
 * @param least values that a function must process, over all its calls
 */
function callFunctions(
  ordered: readonly GraphNode[],
  groups: readonly GraphNode[][],
  timesOf: (node: GraphNode) => number,
  least: number,
): FusedGraph {
  const byName = new Map(ordered.map((node) => [node.name, node]));
  const readers = new Map<string, GraphNode[]>();
  for (const node of ordered)
    for (const name of node.inputs) readers.set(producerName(name), [...(readers.get(producerName(name)) ?? []), node]);

  const functions = new Map<string, { readonly definition: GraphFunction; values: number; readonly calls: Call[] }>();
  for (const gathered of groups) {
    const group = withoutLastReshapes(gathered, readers);
    if (group.filter(({ op }) => op !== 'Reshape').length < 2) continue;
    const { key, definition, call } = describe(group, byName, readers, `fused_${functions.size}`);
    if (call.outputs.length === 0) continue; // nobody reads it, so it does not run
    const known = functions.get(key) ?? { definition, values: 0, calls: [] };
    known.values += Math.max(...group.map((node) => timesOf(node) * sizeOf(node.shape)));
    known.calls.push(call);
    functions.set(key, known);
  }

  const worthwhile = [...functions.values()].filter(({ values }) => values >= least);
  const replaced = new Map<string, string>(); // an op's name → the output of the call that has its value
  const gone = new Set<string>();
  const calls: GraphNode[] = [];
  for (const { definition, calls: all } of worthwhile) {
    for (const [i, { inputs, outputs, members }] of all.entries()) {
      const name = `${definition.name}_${i}`;
      for (const member of members) gone.add(member.name);
      for (const [k, equal] of outputs.entries())
        for (const output of equal) replaced.set(output.name, k === 0 ? name : `${name}:${k}`);
      const first = outputs.map(([output]) => output!);
      calls.push({
        name,
        op: 'PartitionedCall',
        inputs,
        dtype: first[0]!.dtype,
        shape: first[0]!.shape,
        attributes: {
          Tin: { types: definition.inputs },
          Tout: { types: first.map(({ dtype }) => dtype) },
          f: { function: definition.name },
          _XlaMustCompile: { bool: true },
          _noinline: { bool: true },
        },
      });
    }
  }
  const redirect = (name: string): string =>
    name.startsWith('^')
      ? `^${(replaced.get(name.slice(1)) ?? name.slice(1)).split(':')[0]}`
      : (replaced.get(name) ?? name);
  const kept = [...ordered.filter(({ name }) => !gone.has(name)), ...calls].map((node) => ({
    ...node,
    inputs: node.inputs.map(redirect),
  }));
  return { nodes: kept, functions: worthwhile.map(({ definition }) => definition) };
}

interface Call {
  readonly inputs: readonly string[];
  /** What is read of it: for each output the nodes that have this value. */
  readonly outputs: readonly (readonly GraphNode[])[];
  readonly members: readonly GraphNode[];
}

/** A group less the reshapes at its ends: outside they cost nothing, inside XLA copies what is also read unreshaped. */
function withoutLastReshapes(
  group: readonly GraphNode[],
  readers: ReadonlyMap<string, readonly GraphNode[]>,
): GraphNode[] {
  const members = new Set(group);
  for (const node of [...group].reverse())
    if (node.op === 'Reshape' && !(readers.get(node.name) ?? []).some((reader) => members.has(reader)))
      members.delete(node);
  return [...members];
}

/** A group as a function, with names that are the same for every equal group. */
function describe(
  group: readonly GraphNode[],
  byName: ReadonlyMap<string, GraphNode>,
  readers: ReadonlyMap<string, readonly GraphNode[]>,
  name: string,
): { key: string; definition: GraphFunction; call: Call } {
  const members = new Set(group.map((node) => node.name));
  const local = new Map<string, string>();
  const inputs: GraphNode[] = [];
  const nodes: GraphNode[] = [];
  const byValue = new Map<string, string>(); // equal ops on equal inputs, so that a value is one output
  const add = (node: GraphNode): string => {
    const known = local.get(node.name);
    if (known !== undefined) return known;
    const isInside = members.has(node.name) || isCopied(node);
    if (!isInside) {
      const argument = `argument:${inputs.length}`;
      inputs.push(node);
      local.set(node.name, argument);
      return argument;
    }
    const taken = node.inputs.filter((input) => !input.startsWith('^')).map((input) => add(byName.get(input)!));
    const attributes = Object.fromEntries(Object.entries(node.attributes).filter(([key]) => !key.startsWith('_')));
    const value = JSON.stringify([node.op, taken, attributes, node.dtype, node.shape]);
    const own = byValue.get(value) ?? `n${nodes.length}`;
    if (!byValue.has(value)) nodes.push({ ...node, name: own, inputs: taken, attributes });
    byValue.set(value, own);
    local.set(node.name, own);
    return own;
  };
  for (const node of group) add(node);
  const outputs = new Map<string, GraphNode[]>();
  for (const node of group) {
    if (!(readers.get(node.name) ?? []).some((reader) => !members.has(reader.name))) continue;
    const output = local.get(node.name)!;
    outputs.set(output, [...(outputs.get(output) ?? []), node]);
  }
  const definition: GraphFunction = {
    name,
    inputs: inputs.map(({ dtype }) => dtype),
    nodes,
    outputs: [...outputs.keys()],
  };
  const key = JSON.stringify([
    inputs.map(({ dtype, shape }) => [dtype, shape]),
    nodes.map(({ op, inputs: taken, attributes, shape }) => [op, taken, attributes, shape]),
    definition.outputs,
  ]);
  return {
    key,
    definition,
    call: { inputs: inputs.map((node) => node.name), outputs: [...outputs.values()], members: group },
  };
}
