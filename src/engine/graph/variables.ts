/** @file State in a graph's session: TensorFlow's resource variables. */
import type { Graph, GraphDtype, GraphNode, Value } from './graph.js';

/** A resource variable of a graph. */
export interface Variable {
  readonly name: string;
  readonly handle: GraphNode;
  readonly dtype: GraphDtype;
  readonly shape: readonly number[];
}

/** Declares a variable; it has no value until one is assigned. */
export function declareVariable(
  graph: Graph,
  name: string,
  shape: readonly number[],
  dtype: GraphDtype = 'float32',
): Variable {
  const attributes = { dtype: { type: dtype }, shape: { shape }, shared_name: { text: name }, container: { text: '' } };
  const handle = graph.add('VarHandleOp', [], attributes, { dtype: 'resource', shape: [] }, `variable/${name}`);
  return { name, handle, dtype, shape };
}

/** The variable's value when the node runs. */
export function readVariable(graph: Graph, { handle, dtype, shape }: Variable): GraphNode {
  return graph.add('ReadVariableOp', [handle], { dtype: { type: dtype } }, { dtype, shape });
}

/** Assigns a value. The node has no output: use it as a control input. */
export function assignVariable(graph: Graph, { handle, dtype, shape }: Variable, value: Value): GraphNode {
  return graph.add('AssignVariableOp', [handle, value], { dtype: { type: dtype } }, { dtype, shape });
}

/**
 * Sets the variable to zero. The node has no output: use it as a control input.
 *
 * @param afterNodes names of nodes that must run first
 */
export function zeroVariable(graph: Graph, variable: Variable, afterNodes: readonly string[] = []): GraphNode {
  const { shape } = variable;
  const zeros = graph.add(
    'Fill',
    [graph.int32(shape), graph.scalar(0, 'float32'), ...afterNodes.map((name) => `^${name}`)],
    { T: { type: 'float32' }, index_type: { type: 'int32' } },
    { dtype: 'float32', shape },
  );
  return assignVariable(graph, variable, zeros);
}

/** Adds to the variable's value. The node has no output: use it as a control input. */
export function addToVariable(graph: Graph, { handle, dtype, shape }: Variable, value: Value): GraphNode {
  return graph.add('AssignAddVariableOp', [handle, value], { dtype: { type: dtype } }, { dtype, shape });
}

/** A node to fetch that is ready once all `nodes` have run. */
export function after(graph: Graph, value: Value, nodes: readonly GraphNode[], name: string): GraphNode {
  const control = nodes.map((node) => `^${node.name}`);
  return graph.add('Identity', [value, ...control], { T: { type: value.dtype } }, value, name);
}

/** A placeholder to feed. */
export function placeholder(graph: Graph, name: string, shape: readonly number[], dtype: GraphDtype): GraphNode {
  return graph.add('Placeholder', [], { dtype: { type: dtype }, shape: { shape } }, { dtype, shape }, name);
}

/** A value cast to a dtype; itself if it has that already. */
export function cast(graph: Graph, value: Value, dtype: GraphDtype): Value {
  if (value.dtype === dtype) return value;
  return graph.add(
    'Cast',
    [value],
    { SrcT: { type: value.dtype }, DstT: { type: dtype } },
    { dtype, shape: value.shape },
  );
}
