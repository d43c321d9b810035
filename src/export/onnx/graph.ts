/** @file Builds an ONNX graph (https://github.com/onnx/onnx/blob/v1.15.0/docs/IR.md), node by node. */
import { DATA_TYPES, valueInfoOf, type DataType, type Dimension } from '../../onnx/format.js';
import { bytes, float, integer } from '../../base/protobuf.js';

type Attribute = { readonly float: number } | { readonly int: number } | { readonly ints: readonly number[] };

/** `AttributeProto.AttributeType` */
const FLOAT = 1;
const INT = 2;
const INTS = 7;

/** The name of a value in the graph. */
export type OnnxValue = string;

/** A graph to which nodes and constants are added; every node has one output. */
export class OnnxGraph {
  /** `NodeProto`s in topological order. */
  readonly nodes: Buffer[] = [];
  /** `TensorProto`s of small constants. */
  readonly constants: Buffer[] = [];
  private readonly known = new Set<string>();

  /** Adds a node; its output is named after it. */
  add(
    op: string,
    inputs: readonly OnnxValue[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name = `${op}_${this.nodes.length}`,
  ): OnnxValue {
    const settings = Object.entries(attributes).map(([key, value]) => bytes(5, encodeAttribute(key, value)));
    this.nodes.push(
      Buffer.concat([
        ...inputs.map((input) => bytes(1, input)),
        bytes(2, name),
        bytes(3, name),
        bytes(4, op),
        ...settings,
      ]),
    );
    return name;
  }

  /** An integer list constant. `[values.length]` int64 */
  int64s(values: readonly number[]): OnnxValue {
    return this.constant('int64', values, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** An integer constant. `[]` int64 */
  int64(value: number): OnnxValue {
    return this.constant('int64', [value], [], BigInt64Array.of(BigInt(value)));
  }

  /** A float constant. `[]` float32 */
  float(value: number): OnnxValue {
    return this.constant('float32', [value], [], Float32Array.of(value));
  }

  private constant(
    type: DataType,
    values: readonly number[],
    shape: readonly number[],
    data: BigInt64Array | Float32Array,
  ): OnnxValue {
    const name = `${type}[${shape.join()}]=${values.join()}`;
    if (this.known.has(name)) return name;
    this.known.add(name);
    this.constants.push(Buffer.concat([tensorHeader(name, type, shape), bytes(9, new Uint8Array(data.buffer))]));
    return name;
  }
}

function encodeAttribute(name: string, attribute: Attribute): Buffer[] {
  if ('float' in attribute) return [bytes(1, name), float(2, attribute.float), integer(20, FLOAT)];
  if ('int' in attribute) return [bytes(1, name), integer(3, attribute.int), integer(20, INT)];
  return [bytes(1, name), ...attribute.ints.map((value) => integer(8, value)), integer(20, INTS)];
}

/** A `TensorProto` without its data. */
export function tensorHeader(name: string, type: DataType, shape: readonly number[]): Buffer {
  return Buffer.concat([...shape.map((size) => integer(1, size)), integer(2, DATA_TYPES[type]), bytes(8, name)]);
}

/** A `ValueInfoProto`: the name and type of an input or output. */
export function valueInfo(name: string, type: DataType, shape: readonly Dimension[]): Buffer {
  return valueInfoOf(name, DATA_TYPES[type], shape);
}
