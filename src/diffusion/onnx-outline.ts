/**
 * @file An ONNX file without its weights: what ONNX Runtime says of it, it says of the whole, in a fraction of the
 * memory and the time.
 */
import { bytes, fieldsOf, integer, type Field } from '../base/protobuf.js';
import { DIMENSION, GRAPH, MODEL, SHAPE, TENSOR, TENSOR_TYPE, TYPE, VALUE_INFO } from '../onnx/format.js';
import { openRandomAccess, type RandomAccessFile } from '../weights/byte-source.js';

/** Smaller weights stay: the shapes and sizes that some operators must know. In bytes. */
const SMALLEST_LEFT_OUT = 1024;

/** The largest outline; in bytes. Weights may also be in a graph's nodes, as constants, which stay. */
const LARGEST = 256 * 2 ** 20;

/**
 * A model whose weights are inputs: graph, operators and versions are those of the file.
 *
 * @returns undefined for one that is still large, as its weights are constants within nodes
 * @throws InputError for a file that cannot be read
 */
export async function outlineOf(location: string): Promise<Buffer | undefined> {
  const file = await openRandomAccess(location);
  try {
    const model: Buffer[] = [];
    let size = 0;
    for await (const field of fieldsOf(file, 0, file.size)) {
      const kept = field.number === MODEL.graph ? await outlineOfGraph(file, field) : await smallField(file, field);
      if (kept === undefined) return undefined;
      size += kept.length;
      if (size > LARGEST) return undefined;
      model.push(kept);
    }
    return Buffer.concat(model);
  } finally {
    await file.close();
  }
}

/** The field of a graph, with inputs in the place of weights; undefined where it is still large. */
async function outlineOfGraph(file: RandomAccessFile, graph: Field): Promise<Buffer | undefined> {
  const fields: Buffer[] = [];
  const weights = new Map<string, Buffer>();
  const inputs = new Set<string>();
  let size = 0;
  for await (const field of fieldsOf(file, graph.content, graph.end)) {
    const weight = field.number === GRAPH.initializer ? await readWeight(file, field) : undefined;
    if (weight !== undefined) {
      weights.set(weight.name, weight.input);
      continue;
    }
    const kept = await smallField(file, field);
    size += kept?.length ?? Infinity;
    if (kept === undefined || size > LARGEST) return undefined;
    if (field.number === GRAPH.input) inputs.add(await nameOf(file, field));
    fields.push(kept);
  }
  // before IR version 4, weights are listed among the inputs
  for (const [name, input] of weights) if (!inputs.has(name)) fields.push(input);
  return bytes(MODEL.graph, fields);
}

/** A weight as an input; undefined for a small one inside the file. */
async function readWeight(
  file: RandomAccessFile,
  { start, content, end }: Field,
): Promise<{ readonly name: string; readonly input: Buffer } | undefined> {
  const dimensions: number[] = [];
  let [name, type, isBeside] = ['', 0, false];
  for await (const field of fieldsOf(file, content, end)) {
    if (field.number === TENSOR.name) name = await text(file, field);
    else if (field.number === TENSOR.dataType) type = field.value;
    else if (field.number === TENSOR.dataLocation) isBeside = field.value !== 0;
    else if (field.number === TENSOR.dims) dimensions.push(field.value);
  }
  if (end - start < SMALLEST_LEFT_OUT && !isBeside) return undefined;
  const shape = dimensions.map((size) => bytes(SHAPE.dimension, integer(DIMENSION.size, size)));
  const tensor = [integer(TENSOR_TYPE.dataType, type), bytes(TENSOR_TYPE.shape, shape)];
  const info = [bytes(VALUE_INFO.name, name), bytes(VALUE_INFO.type, [bytes(TYPE.tensor, tensor)])];
  return { name, input: bytes(GRAPH.input, info) };
}

/** A field as it is; undefined for one that is larger than an outline may be. */
async function smallField(file: RandomAccessFile, { start, end }: Field): Promise<Buffer | undefined> {
  return end - start > LARGEST ? undefined : Buffer.from(await file.read(start, end - start));
}

/** The name in a `ValueInfoProto`. */
async function nameOf(file: RandomAccessFile, info: Field): Promise<string> {
  let name = '';
  for await (const field of fieldsOf(file, info.content, info.end))
    if (field.number === VALUE_INFO.name) name = await text(file, field);
  return name;
}

async function text(file: RandomAccessFile, { content, end }: Field): Promise<string> {
  return Buffer.from(await file.read(content, end - content)).toString();
}
