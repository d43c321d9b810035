/** @file Encodes TensorFlow's `GraphDef` message (tensorflow/core/framework). */
import { bytes, float, integer, map } from '../../base/protobuf.js';
import type { GraphFunction } from './functions.js';
import type { Attribute, GraphDtype, GraphNode } from './graph.js';

/** The numbers of `DataType` (tensorflow/core/framework/types.proto). */
export const DTYPE_NUMBERS: Readonly<Record<GraphDtype, number>> = {
  float32: 1,
  int32: 3,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  resource: 20,
};

/** A producer version that TensorFlow 2.9 and later can read. */
const PRODUCER_VERSION = 1087;

/** Encodes a graph with its functions. */
export function encodeGraph(nodes: readonly GraphNode[], functions: readonly GraphFunction[] = []): Buffer {
  const library = functions.map((definition) => bytes(1, encodeFunction(definition)));
  return Buffer.concat([
    ...nodes.map((node) => bytes(1, encodeNode(node))),
    bytes(2, library),
    bytes(4, integer(1, PRODUCER_VERSION)),
  ]);
}

function encodeNode({ name, op, inputs, attributes, device = '' }: GraphNode): Buffer {
  const encoded = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, encodeAttribute(value)]));
  return Buffer.concat([
    bytes(1, name),
    bytes(2, op),
    ...inputs.map((input) => bytes(3, input)),
    ...(device === '' ? [] : [bytes(4, device)]),
    map(5, encoded),
  ]);
}

/** `FunctionDef`: inside, an input is an argument's name or `node:output:index`. */
function encodeFunction({ name, inputs, nodes, outputs }: GraphFunction): Buffer {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const reference = (of: string): string =>
    of.startsWith('argument:') ? of.replace(':', '_') : `${of}:${outputName(byName.get(of)!.op)}:0`;
  const argument = (field: number, of: string, dtype: GraphDtype): Buffer =>
    bytes(field, [bytes(1, of), integer(3, DTYPE_NUMBERS[dtype])]);
  const signature = [
    bytes(1, name),
    ...inputs.map(({ dtype }, i) => argument(2, `argument_${i}`, dtype)),
    ...outputs.map((of, i) => argument(3, `result_${i}`, byName.get(of)!.dtype)),
  ];
  const body = nodes.map((node) => bytes(3, encodeNode({ ...node, inputs: node.inputs.map(reference) })));
  const results = map(4, Object.fromEntries(outputs.map((of, i) => [`result_${i}`, Buffer.from(reference(of))])));
  return Buffer.concat([bytes(1, signature), ...body, results, map(5, { _noinline: encodeAttribute({ bool: true }) })]);
}

/** The name of an op's output in TensorFlow's op registry. */
function outputName(op: string): string {
  if (OUTPUTS_CALLED_Y.has(op)) return 'y';
  if (OUTPUTS_CALLED_OUTPUT.has(op)) return 'output';
  return OTHER_OUTPUTS[op] ?? 'z';
}

const OUTPUTS_CALLED_Y = new Set([
  ...['Square', 'Sqrt', 'Rsqrt', 'Exp', 'Erf', 'Sigmoid', 'Tanh', 'Neg', 'Abs', 'Cast', 'IsFinite', 'Transpose'],
]);
const OUTPUTS_CALLED_OUTPUT = new Set([
  ...['Const', 'Fill', 'Reshape', 'Sum', 'Mean', 'Max', 'SelectV2', 'BatchMatMulV2', 'ArgMax', 'All', 'ConcatV2'],
  ...['GatherV2', 'Pack', 'PadV2', 'Slice', 'UnsortedSegmentSum'],
]);
const OTHER_OUTPUTS: Readonly<Record<string, string>> = {
  Relu: 'activations',
  MatMul: 'product',
  Softmax: 'softmax',
  Cumsum: 'out',
};

function encodeAttribute(attribute: Attribute): Buffer {
  if ('text' in attribute) return bytes(2, attribute.text);
  if ('int' in attribute) return integer(3, attribute.int);
  if ('float' in attribute) return float(4, attribute.float);
  if ('bool' in attribute) return integer(5, attribute.bool);
  if ('types' in attribute)
    return bytes(
      1,
      attribute.types.map((type) => integer(6, DTYPE_NUMBERS[type])),
    );
  if ('function' in attribute) return bytes(10, bytes(1, attribute.function));
  if ('type' in attribute) return integer(6, DTYPE_NUMBERS[attribute.type]);
  if ('shape' in attribute) return bytes(7, encodeShape(attribute.shape));
  const { dtype, shape, content } = attribute.tensor;
  return bytes(8, [integer(1, DTYPE_NUMBERS[dtype]), bytes(2, encodeShape(shape)), bytes(4, content)]);
}

function encodeShape(shape: readonly number[]): Buffer {
  return Buffer.concat(shape.map((size) => bytes(2, integer(1, size))));
}
