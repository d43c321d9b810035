/** @file A model's parameters as variables of a graph: declared, set group by group as they are read, and read back. */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedValues, ParameterValues } from '../../distill/engine.js';
import { sizeOf, type Params, type Shapes } from '../../models/text-encoder.js';
import type { Graph, GraphNode, Value } from './graph.js';
import type { Recording } from './recorder.js';
import type { Session } from './session.js';
import { after, assignVariable, cast, declareVariable, placeholder, readVariable, type Variable } from './variables.js';

/** A variable of a model, with what sets and reads it. */
export interface ModelVariable {
  /** The parameter's name. */
  readonly name: string;
  readonly variable: Variable;
  readonly input: GraphNode;
  readonly read: Value;
  /** To fetch when all variables of the group are fed. */
  readonly groupIsSet: GraphNode;
}

/** A model's variables, in groups that are set and read at once. */
export type ModelVariables = readonly (readonly ModelVariable[])[];

/** Bytes of variables that are set or read at once, at least: a bound on the memory that passing them takes. */
const GROUP_BYTES = 64e6;

/**
 * Declares a variable for every parameter.
 *
 * @param role begins the variables' names
 * @param dtype in which the variables are kept; they are fed, and read by a recording, as float32
 */
export function declareModel(graph: Graph, role: string, shapes: Shapes, dtype: 'float32' | 'bfloat16'): ModelVariables {
  return grouped(shapes).map((names, index) => {
    const entries = names.map((name) => {
      const shape = shapes[name];
      const variable = declareVariable(graph, `${role}/${name}`, shape, dtype);
      const input = placeholder(graph, `set/${role}/${name}`, shape, 'float32');
      return { name, variable, input, read: cast(graph, readVariable(graph, variable), 'float32') };
    });
    const assigned = entries.map(({ variable, input }) => assignVariable(graph, variable, cast(graph, input, dtype)));
    const groupIsSet = after(graph, graph.scalar(1, 'float32'), assigned, `set/${role}/${index}/done`);
    return entries.map((entry) => ({ ...entry, groupIsSet }));
  });
}

/** Names in order, in groups of at least `GROUP_BYTES`. */
function grouped(shapes: Shapes): string[][] {
  const groups: string[][] = [];
  let bytes = Infinity;
  for (const [name, shape] of Object.entries(shapes)) {
    if (bytes >= GROUP_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(name);
    bytes += 4 * sizeOf(shape);
  }
  return groups;
}

/** The parameters as tensors for a recording to compute with. */
export function recordedParams({ tensor }: Recording, variables: ModelVariables): Params {
  return Object.fromEntries(variables.flat().map(({ name, read }) => [name, tensor(read)]));
}

/** Sets a model's variables, group by group, as their values come in. */
export async function setVariables(session: Session, variables: ModelVariables, values: ParameterValues): Promise<void> {
  const places = new Map(variables.flatMap((group) => group.map((entry) => [entry.name, { group, entry }] as const)));
  const waiting = new Map<(typeof variables)[number], (readonly [GraphNode, tf.Tensor])[]>();
  for await (const [name, data] of values) {
    const place = places.get(name);
    if (place === undefined) throw new Error(`${name} is not a parameter of the model`);
    const { group, entry } = place;
    const feeds = [...(waiting.get(group) ?? []), [entry.input, tf.tensor(data, [...entry.variable.shape], 'float32')] as const];
    waiting.set(group, feeds);
    if (feeds.length < group.length) continue;
    const done = session.run(feeds, [group[0].groupIsSet]);
    tf.dispose([...feeds.map(([, tensor]) => tensor), ...done]);
    waiting.delete(group);
  }
  if (waiting.size === 0) return;
  tf.dispose([...waiting.values()].flat().map(([, tensor]) => tensor));
  throw new Error('the parameters of a model are not complete');
}

/** The values of a model's variables, read group by group. */
// eslint-disable-next-line @typescript-eslint/require-await -- the session's call is synchronous, an engine's values are not
export async function* readVariables(session: Session, variables: ModelVariables): AsyncIterable<NamedValues> {
  for (const group of variables) {
    const fetched = session.run([], group.map(({ read }) => read));
    for (const [i, { name, variable }] of group.entries()) yield { name, shape: variable.shape, values: fetched[i].dataSync() as Float32Array };
    tf.dispose(fetched);
  }
}
