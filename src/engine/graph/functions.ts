/** @file Functions of a graph, and the calls that replace groups of ops. */
import { sizeOf } from '../../base/shape.js';
import type { Attributes, GraphNode, Output } from './graph.js';
import { isCopied } from './op-groups.js';
import { producerName } from './order.js';

/** A function of a graph: what a group of ops computes. */
export interface GraphFunction {
  readonly name: string;
  readonly inputs: readonly Output[];
  /** Nodes in order; an input `argument:i` is the function's i-th. */
  readonly nodes: readonly GraphNode[];
  /** Names of the nodes whose values the function returns. */
  readonly outputs: readonly string[];
}

/** A graph whose nodes call functions. */
export interface FusedGraph {
  readonly nodes: readonly GraphNode[];
  readonly functions: readonly GraphFunction[];
}

/** A group of ops that can become a call. */
interface Call {
  readonly inputs: readonly string[];
  /** The outputs that are read: for each, the nodes that have its value. */
  readonly outputs: readonly (readonly GraphNode[])[];
  readonly members: readonly GraphNode[];
}

/** The node that computes a function, apart from its name, inputs and outputs. */
export type CallForm = Pick<GraphNode, 'op' | 'attributes'>;

/** A function with all the groups that become calls of it. */
interface CalledFunction {
  readonly definition: GraphFunction;
  readonly form: CallForm;
  readonly calls: readonly Call[];
}

/** Finds a graph's nodes, and their readers, by their names. */
interface Surroundings {
  readonly byName: ReadonlyMap<string, GraphNode>;
  readonly readersOf: (name: string) => readonly GraphNode[];
}

/**
 * The graph with its groups replaced by calls. Equal groups call the same function.
 *
 * @param formOf how a function is called; undefined: its groups stay as they are
 * @param timesOf how many times a node counts
 * @param least the fewest values, over all its calls, that make a function worthwhile
 */
export function callFunctions(
  ordered: readonly GraphNode[],
  groups: readonly GraphNode[][],
  formOf: (definition: GraphFunction) => CallForm | undefined,
  timesOf: (node: GraphNode) => number = () => 1,
  least = 0,
): FusedGraph {
  const surroundings = surroundingsOf(ordered);
  const functions = new Map<string, { readonly definition: GraphFunction; values: number; readonly calls: Call[] }>();
  for (const gathered of groups) {
    const group = withoutLastReshapes(gathered, surroundings);
    if (group.filter(({ op }) => op !== 'Reshape').length < 2) continue;
    const { key, definition, call } = describe(group, surroundings, `fused_${functions.size}`);
    if (call.outputs.length === 0) continue; // nothing reads it, so it does not run
    const known = functions.get(key) ?? { definition, values: 0, calls: [] };
    known.values += Math.max(...group.map((node) => timesOf(node) * sizeOf(node.shape)));
    known.calls.push(call);
    functions.set(key, known);
  }
  const called = [...functions.values()].flatMap(({ definition, values, calls }) => {
    const form = values >= least ? formOf(definition) : undefined;
    return form === undefined ? [] : [{ definition, form, calls }];
  });
  return { nodes: withCalls(ordered, called), functions: called.map(({ definition }) => definition) };
}

function surroundingsOf(nodes: readonly GraphNode[]): Surroundings {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes)
    for (const name of node.inputs) readers.set(producerName(name), [...(readers.get(producerName(name)) ?? []), node]);
  return {
    byName: new Map(nodes.map((node) => [node.name, node])),
    readersOf: (name) => readers.get(name) ?? [],
  };
}

/**
 * A group without the reshapes at its ends. Outside it they cost nothing; inside, XLA copies values that are also read
 * unreshaped.
 */
function withoutLastReshapes(group: readonly GraphNode[], { readersOf }: Surroundings): GraphNode[] {
  const members = new Set(group);
  for (const node of [...group].reverse())
    if (node.op === 'Reshape' && !readersOf(node.name).some((reader) => members.has(reader))) members.delete(node);
  return [...members];
}

/** Describes a group as a function, with names that are the same for all equal groups. */
function describe(
  group: readonly GraphNode[],
  { byName, readersOf }: Surroundings,
  name: string,
): { key: string; definition: GraphFunction; call: Call } {
  const members = new Set(group.map((node) => node.name));
  const local = new Map<string, string>();
  const inputs: GraphNode[] = [];
  const nodes: GraphNode[] = [];
  const byValue = new Map<string, string>(); // merges equal ops on equal inputs, so that each value is one output
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
    if (!readersOf(node.name).some((reader) => !members.has(reader.name))) continue;
    const output = local.get(node.name)!;
    outputs.set(output, [...(outputs.get(output) ?? []), node]);
  }
  const definition = {
    name,
    inputs: inputs.map(({ dtype, shape }) => ({ dtype, shape })),
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

/** The nodes, with groups replaced by calls of their functions. */
function withCalls(ordered: readonly GraphNode[], functions: readonly CalledFunction[]): GraphNode[] {
  const replaced = new Map<string, string>(); // an op's name → the output of the call that has its value
  const gone = new Set<string>();
  const calls: GraphNode[] = [];
  for (const { definition, form, calls: all } of functions) {
    for (const [i, { inputs, outputs, members }] of all.entries()) {
      const name = `${definition.name}_${i}`;
      for (const member of members) gone.add(member.name);
      for (const [k, equal] of outputs.entries())
        for (const output of equal) replaced.set(output.name, k === 0 ? name : `${name}:${k}`);
      const returned = outputs.map(([output]) => ({ dtype: output!.dtype, shape: output!.shape }));
      calls.push({ ...form, ...returned[0]!, name, inputs, outputs: returned });
    }
  }
  const redirect = (name: string): string =>
    name.startsWith('^')
      ? `^${(replaced.get(name.slice(1)) ?? name.slice(1)).split(':')[0]}`
      : (replaced.get(name) ?? name);
  return [...ordered.filter(({ name }) => !gone.has(name)), ...calls].map((node) => ({
    ...node,
    inputs: node.inputs.map(redirect),
  }));
}

/** How TensorFlow's compiler is told to compile a function. */
export function compiledCall({ name, inputs, nodes, outputs }: GraphFunction): CallForm {
  const attributes: Attributes = {
    Tin: { types: inputs.map(({ dtype }) => dtype) },
    Tout: { types: outputs.map((of) => nodes.find((node) => node.name === of)!.dtype) },
    f: { function: name },
    _XlaMustCompile: { bool: true },
    _noinline: { bool: true },
  };
  return { op: 'PartitionedCall', attributes };
}
