/** @file TensorFlow's messages, written: `GraphDef` and `SavedModel` (tensorflow/core/framework, core/protobuf). */
import { bytes, float, integer, map } from '../../protobuf.js';
import type { Attribute, GraphDtype, GraphNode, Value } from './graph.js';

/** The numbers of `DataType` (tensorflow/core/framework/types.proto). */
const DTYPE_NUMBERS: Readonly<Record<GraphDtype, number>> = { float32: 1, int32: 3, int64: 9, bool: 10, bfloat16: 14, resource: 20 };

/** A version of the ops that TensorFlow 2.9 and every later one reads. */
const PRODUCER_VERSION = 1087;

/** What can be fed and fetched under a name: TensorFlow's `SignatureDef`. */
export interface Signature {
  readonly inputs: Readonly<Record<string, Value>>;
  readonly outputs: Readonly<Record<string, Value>>;
}

/** The contents of a `saved_model.pb`: one graph, its signatures, the tag `serve`. */
export function encodeSavedModel(nodes: readonly GraphNode[], signatures: Readonly<Record<string, Signature>>): Buffer {
  const graph = Buffer.concat([...nodes.map((node) => bytes(1, encodeNode(node))), bytes(4, integer(1, PRODUCER_VERSION))]);
  const encoded = Object.fromEntries(Object.entries(signatures).map(([name, signature]) => [name, encodeSignature(signature)]));
  const metaGraph = [bytes(1, bytes(4, 'serve')), bytes(2, graph), map(5, encoded)];
  return Buffer.concat([integer(1, 1), bytes(2, metaGraph)]);
}

function encodeNode({ name, op, inputs, attributes, device = '' }: GraphNode): Buffer {
  const encoded = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, encodeAttribute(value)]));
  return Buffer.concat([bytes(1, name), bytes(2, op), ...inputs.map((input) => bytes(3, input)), ...(device === '' ? [] : [bytes(4, device)]), map(5, encoded)]);
}

function encodeAttribute(attribute: Attribute): Buffer {
  if ('text' in attribute) return bytes(2, attribute.text);
  if ('int' in attribute) return integer(3, attribute.int);
  if ('float' in attribute) return float(4, attribute.float);
  if ('bool' in attribute) return integer(5, attribute.bool);
  if ('type' in attribute) return integer(6, DTYPE_NUMBERS[attribute.type]);
  if ('shape' in attribute) return bytes(7, encodeShape(attribute.shape));
  const { dtype, shape, content } = attribute.tensor;
  return bytes(8, [integer(1, DTYPE_NUMBERS[dtype]), bytes(2, encodeShape(shape)), bytes(4, content)]);
}

function encodeShape(shape: readonly number[]): Buffer {
  return Buffer.concat(shape.map((size) => bytes(2, integer(1, size))));
}

function encodeSignature({ inputs, outputs }: Signature): Buffer {
  const infos = (values: Readonly<Record<string, Value>>): Record<string, Buffer[]> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, encodeTensorInfo(value)]));
  return Buffer.concat([map(1, infos(inputs)), map(2, infos(outputs)), bytes(3, 'tensorflow/serving/predict')]);
}

function encodeTensorInfo({ name, dtype, shape }: Value): Buffer[] {
  return [bytes(1, `${name}:0`), integer(2, DTYPE_NUMBERS[dtype]), bytes(3, encodeShape(shape))];
}
