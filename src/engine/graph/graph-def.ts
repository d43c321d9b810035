/** @file Encodes TensorFlow's `GraphDef` message (tensorflow/core/framework). */
import { MessageWriter } from '../../base/message-writer.js';
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
  const to = new MessageWriter();
  for (const node of nodes)
    to.message(1, () => {
      writeNode(to, node);
    });
  to.message(2, () => {
    for (const definition of functions)
      to.message(1, () => {
        writeFunction(to, definition);
      });
  });
  to.message(4, () => {
    to.integer(1, PRODUCER_VERSION);
  });
  return to.finish();
}

/** `NodeDef` */
function writeNode(to: MessageWriter, { name, op, inputs, attributes, device = '' }: GraphNode): void {
  to.text(1, name);
  to.text(2, op);
  for (const input of inputs) to.text(3, input);
  if (device !== '') to.text(4, device);
  for (const [key, value] of Object.entries(attributes)) writeAttribute(to, key, value);
}

/** `FunctionDef`: inside, an input is an argument's name or `node:output:index`. */
function writeFunction(to: MessageWriter, { name, inputs, nodes, outputs }: GraphFunction): void {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const reference = (of: string): string =>
    of.startsWith('argument:') ? of.replace(':', '_') : `${of}:${outputName(byName.get(of)!.op)}:0`;
  to.message(1, () => {
    to.text(1, name);
    for (const [i, { dtype }] of inputs.entries()) writeArgument(to, 2, `argument_${i}`, dtype);
    for (const [i, of] of outputs.entries()) writeArgument(to, 3, `result_${i}`, byName.get(of)!.dtype);
  });
  for (const node of nodes)
    to.message(3, () => {
      writeNode(to, { ...node, inputs: node.inputs.map(reference) });
    });
  for (const [i, of] of outputs.entries())
    to.message(4, () => {
      to.text(1, `result_${i}`);
      to.text(2, reference(of));
    });
  writeAttribute(to, '_noinline', { bool: true });
}

/** `OpDef.ArgDef` */
function writeArgument(to: MessageWriter, field: number, name: string, dtype: GraphDtype): void {
  to.message(field, () => {
    to.text(1, name);
    to.integer(3, DTYPE_NUMBERS[dtype]);
  });
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

/** An entry of the map `attr`, which is field 5 of both `NodeDef` and `FunctionDef`. */
function writeAttribute(to: MessageWriter, key: string, attribute: Attribute): void {
  to.message(5, () => {
    to.text(1, key);
    to.message(2, () => {
      writeValue(to, attribute);
    });
  });
}

/** `AttrValue` */
function writeValue(to: MessageWriter, attribute: Attribute): void {
  if ('text' in attribute) to.text(2, attribute.text);
  else if ('int' in attribute) to.integer(3, attribute.int);
  else if ('float' in attribute) to.float(4, attribute.float);
  else if ('bool' in attribute) to.integer(5, attribute.bool);
  else if ('type' in attribute) to.integer(6, DTYPE_NUMBERS[attribute.type]);
  else if ('types' in attribute)
    to.message(1, () => {
      for (const type of attribute.types) to.integer(6, DTYPE_NUMBERS[type]);
    });
  else if ('function' in attribute)
    to.message(10, () => {
      to.text(1, attribute.function);
    });
  else if ('shape' in attribute) writeShape(to, 7, attribute.shape);
  else
    to.message(8, () => {
      const { dtype, shape, content } = attribute.tensor;
      to.integer(1, DTYPE_NUMBERS[dtype]);
      writeShape(to, 2, shape);
      to.bytes(4, content);
    });
}

/** `TensorShapeProto` */
function writeShape(to: MessageWriter, field: number, shape: readonly number[]): void {
  to.message(field, () => {
    for (const size of shape)
      to.message(2, () => {
        to.integer(1, size);
      });
  });
}
