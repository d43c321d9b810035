/**
 * @file The outline of an ONNX file: the model without its weights, which ONNX Runtime checks like the whole file but
 * in a fraction of the memory and time.
 */
import { bytes, bytesBetween, contentOf, fieldsOf, type Field } from '../base/protobuf.js';
import { GRAPH, MODEL, VALUE_INFO, valueInfoOf } from '../onnx/format.js';
import { openRandomAccess, type RandomAccessFile } from '../weights/byte-source.js';
import { typeNumber, type Port } from './onnx-signature.js';
import { readWeight } from './onnx-weight.js';

/** Smaller weights stay, since some operators must know the shapes and sizes in them. In bytes. */
const SMALLEST_LEFT_OUT = 1024;

/** The largest outline, in bytes. It may be large because weights that are constants in the graph's nodes stay. */
const LARGEST = 256 * 2 ** 20;

/**
 * The model with inputs in place of its weights; graph, operators and versions are those of the file.
 *
 * @param changed inputs that replace those of the same names, such as to fix a size
 * @returns undefined for a model that is still too large because its weights are constants within nodes
 * @throws InputError for a file that cannot be read
 */
export async function outlineOf(location: string, changed: readonly Port[] = []): Promise<Buffer | undefined> {
  const file = await openRandomAccess(location);
  try {
    const model: Buffer[] = [];
    let size = 0;
    for await (const field of fieldsOf(file, 0, file.size)) {
      const kept =
        field.number === MODEL.graph ? await outlineOfGraph(file, field, changed) : await smallField(file, field);
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

/** The field of a graph, with inputs in place of weights; undefined if it is still too large. */
async function outlineOfGraph(
  file: RandomAccessFile,
  graph: Field,
  changed: readonly Port[],
): Promise<Buffer | undefined> {
  const fields: Buffer[] = [];
  const weights = new Map<string, Buffer>();
  const inputs = new Set<string>();
  let size = 0;
  for await (const field of fieldsOf(file, graph.content, graph.end)) {
    const weight = field.number === GRAPH.initializer ? await weightAsInput(file, field) : undefined;
    if (weight !== undefined) {
      weights.set(weight.name, weight.input);
      continue;
    }
    const name = field.number === GRAPH.input ? await nameOf(file, field) : undefined;
    if (name !== undefined) inputs.add(name);
    const port = changed.find((input) => input.name === name);
    const kept = port === undefined ? await smallField(file, field) : inputOf(port);
    size += kept?.length ?? Infinity;
    if (kept === undefined || size > LARGEST) return undefined;
    fields.push(kept);
  }
  // before IR version 4, weights are listed among the inputs
  for (const [name, input] of weights) if (!inputs.has(name)) fields.push(input);
  return bytes(MODEL.graph, fields);
}

/** A weight as an input; undefined for a small one inside the file. */
async function weightAsInput(
  file: RandomAccessFile,
  field: Field,
): Promise<{ readonly name: string; readonly input: Buffer } | undefined> {
  const { name, type, shape, beside } = await readWeight(file, field);
  if (field.end - field.start < SMALLEST_LEFT_OUT && beside === undefined) return undefined;
  return { name, input: bytes(GRAPH.input, valueInfoOf(name, type, shape)) };
}

function inputOf({ name, type, shape }: Port): Buffer {
  return bytes(GRAPH.input, valueInfoOf(name, typeNumber(type), shape));
}

/** A field as it is; undefined if it is larger than an outline may be. */
async function smallField(file: RandomAccessFile, { start, end }: Field): Promise<Buffer | undefined> {
  return end - start > LARGEST ? undefined : bytesBetween(file, start, end);
}

/** The name in a `ValueInfoProto`. */
async function nameOf(file: RandomAccessFile, info: Field): Promise<string> {
  let name = '';
  for await (const field of fieldsOf(file, info.content, info.end))
    if (field.number === VALUE_INFO.name) name = (await contentOf(file, field)).toString();
  return name;
}
