/** @file A TensorFlow graph under construction: nodes, with the dtypes and shapes of their outputs. */

export type GraphDtype = 'float32' | 'bfloat16' | 'int32' | 'int64' | 'bool' | 'resource';

/** Bytes of a value. */
export const BYTES: Readonly<Record<GraphDtype, number>> = {
  float32: 4,
  bfloat16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  resource: 0,
};

/** An attribute of a node, by its kind in TensorFlow's `AttrValue`. */
export type Attribute =
  | { readonly type: GraphDtype }
  | { readonly types: readonly GraphDtype[] }
  | { readonly function: string }
  | { readonly int: number }
  | { readonly bool: boolean }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly shape: readonly number[] }
  | {
      readonly tensor: { readonly dtype: GraphDtype; readonly shape: readonly number[]; readonly content: Uint8Array };
    };

export type Attributes = Readonly<Record<string, Attribute>>;

/** An output of an op. */
export interface Output {
  readonly dtype: GraphDtype;
  readonly shape: readonly number[];
}

/** One op. */
export interface GraphNode extends Output {
  readonly name: string;
  readonly op: string;
  /** Names of nodes; `^name` for a control input. */
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
  /** All outputs, if there are several; `dtype` and `shape` are those of the first. */
  readonly outputs?: readonly Output[];
  /** Where it must run, such as `/device:GPU:0`; absent: TensorFlow decides. */
  readonly device?: string;
}

/** What is known about a value in the graph. */
export type Value = Pick<GraphNode, 'name' | 'dtype' | 'shape'>;

/** An output of a node, counted from 0. */
export function outputOf({ name, dtype, shape, outputs }: GraphNode, index: number): Value {
  return index === 0 ? { name, dtype, shape } : { ...outputs![index]!, name: `${name}:${index}` };
}

/** A graph that grows node by node. */
export class Graph {
  readonly nodes: GraphNode[] = [];
  private readonly constants = new Map<string, GraphNode>();
  private count = 0;

  /**
   * Adds a node.
   *
   * @param output a list for an op with several
   * @param name for nodes that are fed or fetched; others are numbered
   */
  add(
    op: string,
    inputs: readonly (Value | string)[],
    attributes: Attributes,
    output: Output | readonly Output[],
    name?: string,
  ): GraphNode {
    const [first, outputs] = 'dtype' in output ? [output] : [output[0]!, output];
    const node: GraphNode = {
      name: name ?? `${op}_${this.count++}`,
      op,
      inputs: inputs.map((input) => (typeof input === 'string' ? input : input.name)),
      attributes,
      dtype: first.dtype,
      shape: first.shape,
      ...(outputs && { outputs }),
    };
    this.nodes.push(node);
    return node;
  }

  /** A constant. Equal small ones share a node; large uniform ones take no space in the encoded graph. */
  constant(values: ArrayLike<number>, shape: readonly number[], dtype: 'float32' | 'int32' | 'bool'): GraphNode {
    if (values.length > SMALL && isUniform(values)) return this.fill(values[0]!, shape, dtype);
    const content = contentOf(values, dtype);
    const attributes: Attributes = { dtype: { type: dtype }, value: { tensor: { dtype, shape, content } } };
    if (values.length > SMALL) return this.add('Const', [], attributes, { dtype, shape });
    const key = `${dtype}[${shape.join()}]${Buffer.from(content).toString('latin1')}`;
    const known = this.constants.get(key) ?? this.add('Const', [], attributes, { dtype, shape });
    this.constants.set(key, known);
    return known;
  }

  /** A list of numbers as an op's argument. `[values.length]` int32 */
  int32(values: readonly number[]): GraphNode {
    return this.constant(values, [values.length], 'int32');
  }

  /** A number as an op's argument. `[]` */
  scalar(value: number, dtype: 'float32' | 'int32' | 'bool'): GraphNode {
    return this.constant([value], [], dtype);
  }

  /** A tensor filled with one value, created when it is needed. */
  fill(value: number, shape: readonly number[], dtype: 'float32' | 'int32' | 'bool'): GraphNode {
    const attributes: Attributes = { T: { type: dtype }, index_type: { type: 'int32' } };
    return this.add('Fill', [this.int32(shape), this.scalar(value, dtype)], attributes, { dtype, shape });
  }
}

/** Constants up to this size are compared with each other. */
const SMALL = 64;

function isUniform(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/** A tensor's bytes in the layout of `TensorProto.tensor_content`. */
function contentOf(values: ArrayLike<number>, dtype: 'float32' | 'int32' | 'bool'): Uint8Array {
  const typed =
    dtype === 'float32'
      ? Float32Array.from(values)
      : dtype === 'int32'
        ? Int32Array.from(values)
        : Uint8Array.from(values);
  return new Uint8Array(typed.buffer);
}
