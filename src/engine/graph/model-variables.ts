/** @file A model's parameters as variables of a graph: declared, set in groups as they are read, and read back. */
import type { NamedValues, ParameterValues } from '../../distill/engine.js';
import { sizeOf } from '../../base/shape.js';
import { FLOAT_BYTES, type Params, type Shapes } from '../../models/text-encoder.js';
import type { Graph, GraphNode, Value } from './graph.js';
import { concat, reshape, slice } from './moves.js';
import type { FlatParameters } from './flat-parameters.js';
import type { Recording } from './recorder.js';
import type { Feed, Session } from './session.js';
import { after, assignVariable, cast, declareVariable, placeholder, readVariable, type Variable } from './variables.js';

/** A parameter of a model, and the nodes that set and read it. */
export interface ModelParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly input: GraphNode;
  readonly read: Value;
  /** Fetched in the run that feeds all parameters of the group. */
  readonly groupIsSet: GraphNode;
}

/** A variable of a model: one parameter, or a flat one made of several. */
export interface ModelVariable {
  /** The parameter's name, or the flat one's. */
  readonly name: string;
  /** Whether its parameters are stored end to end; otherwise it has one, in its own shape. */
  readonly isFlat: boolean;
  readonly members: readonly string[];
  readonly variable: Variable;
  /** Its whole value, as float32. */
  readonly read: Value;
}

/** A model's state in a graph. */
export interface ModelVariables {
  readonly variables: readonly ModelVariable[];
  /** The parameters, in groups that are set and read together. */
  readonly groups: readonly (readonly ModelParameter[])[];
}

/** The size at which a group is complete, in bytes; it bounds the memory that transfers take. */
const GROUP_BYTES = 64e6;

/**
 * Declares variables for a model's parameters.
 *
 * @param role the prefix of the variables' names
 * @param dtype of the stored variables; they are fed, and read by a recording, as float32
 * @param flat parameters that share a variable
 */
export function declareModel(
  graph: Graph,
  role: string,
  shapes: Shapes,
  dtype: 'float32' | 'bfloat16',
  flat: FlatParameters = {},
): ModelVariables {
  const flattened = new Set(Object.values(flat).flat());
  // flat ones last: they wait for all their members
  const names = [...Object.keys(shapes).filter((name) => !flattened.has(name)), ...Object.keys(flat)];
  const variables = names.map((name): ModelVariable => {
    const isFlat = name in flat;
    const members = flat[name] ?? [name];
    const shape = isFlat ? [members.reduce((sum, member) => sum + sizeOf(shapes[member]!), 0)] : shapes[name]!;
    const variable = declareVariable(graph, `${role}/${name}`, shape, dtype);
    return { name, isFlat, members, variable, read: cast(graph, readVariable(graph, variable), 'float32') };
  });
  const groups = grouped(variables).map((group, index) => {
    const entries = group.map((each) => ({ each, parameters: declareParameters(graph, role, shapes, each) }));
    const assigned = entries.map(({ each, parameters }) =>
      assignVariable(graph, each.variable, cast(graph, joined(graph, each, parameters), dtype)),
    );
    const groupIsSet = after(graph, graph.scalar(1, 'float32'), assigned, `set/${role}/${index}/done`);
    return entries.flatMap(({ parameters }) => parameters.map((parameter) => ({ ...parameter, groupIsSet })));
  });
  return { variables, groups };
}

/** The parameters in a variable. */
function declareParameters(
  graph: Graph,
  role: string,
  shapes: Shapes,
  { isFlat, members, read }: ModelVariable,
): Omit<ModelParameter, 'groupIsSet'>[] {
  let start = 0;
  return members.map((name) => {
    const shape = shapes[name]!;
    const input = placeholder(graph, `set/${role}/${name}`, shape, 'float32');
    if (!isFlat) return { name, shape, input, read };
    const part = slice(graph, { x: read }, { begin: [start], size: [sizeOf(shape)] });
    start += sizeOf(shape);
    return { name, shape, input, read: reshape(graph, part, shape) };
  });
}

/** The fed value of a variable: its parameters end to end. */
function joined(
  graph: Graph,
  { isFlat }: ModelVariable,
  parameters: readonly Pick<ModelParameter, 'input' | 'shape'>[],
): Value {
  if (!isFlat) return parameters[0]!.input;
  const flat = parameters.map(({ input, shape }, i) => [String(i), reshape(graph, input, [sizeOf(shape)])] as const);
  return flat.length === 1 ? flat[0]![1] : concat(graph, Object.fromEntries(flat), { axis: 0 });
}

/** Variables in order, in groups of at least `GROUP_BYTES`. */
function grouped(variables: readonly ModelVariable[]): ModelVariable[][] {
  const groups: ModelVariable[][] = [];
  let bytes = Infinity;
  for (const each of variables) {
    if (bytes >= GROUP_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(each);
    bytes += FLOAT_BYTES * sizeOf(each.variable.shape);
  }
  return groups;
}

/** The parameters as tensors that a recording computes with. */
export function recordedParams({ tensor }: Recording, { groups }: ModelVariables): Params {
  return Object.fromEntries(groups.flat().map(({ name, read }) => [name, tensor(read)]));
}

/** Sets a model's variables, group by group, as their values arrive. */
export async function setVariables(
  session: Session,
  { groups }: ModelVariables,
  values: ParameterValues,
): Promise<void> {
  const places = new Map(groups.flatMap((group) => group.map((entry) => [entry.name, { group, entry }] as const)));
  const waiting = new Map<(typeof groups)[number], Feed[]>();
  for await (const [name, data] of values) {
    const place = places.get(name);
    if (place === undefined) throw new Error(`${name} is not a parameter of the model`);
    const { group, entry } = place;
    const feeds: Feed[] = [...(waiting.get(group) ?? []), [entry.input, data]];
    waiting.set(group, feeds);
    if (feeds.length < group.length) continue;
    waiting.delete(group);
    await session.run(feeds, [group[0]!.groupIsSet]);
  }
  if (waiting.size > 0) throw new Error('the parameters of a model are not complete');
}

/**
 * The values of a model's variables, read group by group. They are copied, because fetched memory may be the variables'
 * own.
 */
export async function* readVariables(session: Session, { groups }: ModelVariables): AsyncIterable<NamedValues> {
  for (const group of groups) {
    const fetched = await session.run(
      [],
      group.map(({ read }) => read),
    );
    try {
      for (const [i, { name, shape }] of group.entries())
        yield { name, shape, values: (fetched[i]!.data as Float32Array).slice() };
    } finally {
      for (const tensor of fetched) tensor.release();
    }
  }
}
