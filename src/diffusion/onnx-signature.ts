/** @file An ONNX file's inputs and outputs, read from its graph without loading the weights or ONNX Runtime. */
import { InputError } from '../base/errors.js';
import { contentOf, fieldsOf, type Field } from '../base/protobuf.js';
import { DIMENSION, GRAPH, MODEL, SHAPE, TENSOR, TENSOR_TYPE, TYPE, VALUE_INFO } from '../onnx/format.js';
import { openRandomAccess, type RandomAccessFile } from '../weights/byte-source.js';

/** An input or output of a model; `shape` has a name, or an empty string, where any size is allowed. */
export interface Port {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** The inputs and outputs of a model. */
export interface Signature {
  /** The file, for messages. */
  readonly location: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'float32',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  16: 'bfloat16',
};

/** ONNX Runtime's name for a `TensorProto.DataType`. */
export function typeName(number: number): string {
  return TYPE_NAMES[number] ?? `type ${number}`;
}

/** The number of a type that `typeName` named. */
export function typeNumber(name: string): number {
  const named = Object.keys(TYPE_NAMES).find((number) => TYPE_NAMES[Number(number)] === name);
  return Number(named ?? name.replace('type ', ''));
}

/** The longest name, or description of an input or output, that is read, in bytes. */
const LONGEST = 2 ** 16;

/**
 * Reads the inputs and outputs of an ONNX file, as ONNX Runtime would report them after loading it.
 *
 * @throws InputError for a file that cannot be read or is something else
 */
export async function readSignature(location: string): Promise<Signature> {
  const file = await openRandomAccess(location);
  try {
    const [inputs, outputs]: [Port[], Port[]] = [[], []];
    const weights = new Set<string>();
    for await (const graph of fields(file, { content: 0, end: file.size }, MODEL.graph)) {
      for await (const field of fieldsOf(file, graph.content, graph.end)) {
        if (field.number === GRAPH.input) inputs.push(await readPort(file, field));
        else if (field.number === GRAPH.output) outputs.push(await readPort(file, field));
        else if (field.number === GRAPH.initializer)
          for await (const name of fields(file, field, TENSOR.name)) weights.add(await text(file, name));
      }
    }
    // before IR version 4, weights are listed among the inputs
    return { location, inputs: inputs.filter(({ name }) => !weights.has(name)), outputs };
  } finally {
    await file.close();
  }
}

/** A `ValueInfoProto`. */
async function readPort(file: RandomAccessFile, info: Field): Promise<Port> {
  checkLength(file, info, 'the description of an input or output');
  let [name, type]: [string, string] = ['', 'no tensor'];
  const shape: (number | string)[] = [];
  for await (const field of fields(file, info, VALUE_INFO.name)) name = await text(file, field);
  for await (const outer of fields(file, info, VALUE_INFO.type))
    for await (const tensor of fields(file, outer, TYPE.tensor)) {
      for await (const { value } of fields(file, tensor, TENSOR_TYPE.dataType)) type = typeName(value);
      for await (const sizes of fields(file, tensor, TENSOR_TYPE.shape))
        for await (const dimension of fields(file, sizes, SHAPE.dimension))
          shape.push(await readDimension(file, dimension));
    }
  return { name, type, shape };
}

async function readDimension(file: RandomAccessFile, dimension: Field): Promise<number | string> {
  for await (const { value } of fields(file, dimension, DIMENSION.size))
    return Number.isSafeInteger(value) ? value : ''; // some exporters write -1 for any size
  for await (const name of fields(file, dimension, DIMENSION.name)) return text(file, name);
  return '';
}

/** The fields with a number in a message. */
async function* fields(
  file: RandomAccessFile,
  { content, end }: Pick<Field, 'content' | 'end'>,
  number: number,
): AsyncGenerator<Field> {
  for await (const field of fieldsOf(file, content, end)) if (field.number === number) yield field;
}

async function text(file: RandomAccessFile, field: Field): Promise<string> {
  checkLength(file, field, 'a name');
  return (await contentOf(file, field)).toString();
}

function checkLength({ location }: RandomAccessFile, { content, end }: Field, what: string): void {
  if (end - content <= LONGEST) return;
  throw new InputError(
    `${location}: expected ${what} of at most ${LONGEST} bytes, got ${end - content} at byte ${content}; ` +
      'get the file again',
  );
}
