import { createPendingFile } from '../base/files.js';
import { sizeOf } from '../base/shape.js';
import { byteLengthOf, compareDtypes } from './dtypes.js';
import { float32ToBfloat16, float32ToFloat16 } from './half.js';
import { encodeHeader } from './safetensors-header.js';
import { shown, shownShape } from './wording.js';

/** Name, element type and shape of a tensor to write. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: 'F32' | 'F16' | 'BF16' | 'I32';
  readonly shape: readonly number[];
}

/** Values in row-major order: float32, rounded if the dtype is narrower, or int32 for I32. */
export type TensorValues = Float32Array | Int32Array;

/** A tensor to write, with its values or a function that produces them when needed. */
export interface TensorToWrite extends TensorSpec {
  readonly values: TensorValues | (() => TensorValues | Promise<TensorValues>);
}

/** A safetensors file whose tensors are filled in piece by piece, in any order. */
export interface SafetensorsWriter {
  /**
   * Writes values into a tensor.
   *
   * @param elementOffset the first value's position in the tensor's row-major order
   */
  write(name: string, elementOffset: number, values: TensorValues): Promise<void>;
  /** Gives the file its name. Throws if a tensor is not filled. */
  finish(): Promise<void>;
  /** Deletes the file, if it was not finished. */
  discard(): Promise<void>;
}

/** The metadata that transformers requires. */
const PYTORCH_FORMAT = { format: 'pt' };

/**
 * Writes tensors to a safetensors file, one at a time; the file gets its name when it is complete. Equal byte for byte
 * to the reference implementation's output for the same tensors.
 *
 * @throws InputError if the file cannot be written; whatever a tensor's `values` throws
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = PYTORCH_FORMAT,
): Promise<void> {
  const file = await createSafetensors(path, tensors, metadata);
  try {
    for (const { name, values } of tensors)
      await file.write(name, 0, typeof values === 'function' ? await values() : values);
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/**
 * Creates a safetensors file of known shapes, to be filled in pieces.
 *
 * @throws InputError if the file cannot be written
 */
export async function createSafetensors(
  path: string,
  specs: readonly TensorSpec[],
  metadata: Readonly<Record<string, string>> = PYTORCH_FORMAT,
): Promise<SafetensorsWriter> {
  const sorted = sortForFile(specs);
  const header = encodeHeader(sorted, metadata);
  const tensors = layOut(sorted, header.length);
  const file = await createPendingFile(path);
  try {
    await file.write(header, 0);
    await file.resize(sorted.reduce((size, { dtype, shape }) => size + byteLengthOf(dtype, shape), header.length));
  } catch (error) {
    await file.discard();
    throw error;
  }
  return {
    async write(name, elementOffset, values) {
      const tensor = tensors.get(name);
      if (!tensor) throw new Error(`createSafetensors: no tensor ${shown(name)} was announced`);
      checkPiece(tensor, elementOffset, values.length);
      const bytes = encode(tensor, values);
      await file.write(bytes, tensor.position + byteLengthOf(tensor.dtype, [elementOffset]));
      tensor.written += values.length;
    },
    finish: async () => {
      for (const tensor of tensors.values()) checkFilled(tensor);
      await file.commit();
    },
    discard: () => file.discard(),
  };
}

interface PlacedTensor extends TensorSpec {
  readonly position: number;
  written: number;
}

/** The order of the reference implementation: wider types first, then by name. */
function sortForFile(specs: readonly TensorSpec[]): TensorSpec[] {
  return [...specs].sort(
    (a, b) => compareDtypes(a.dtype, b.dtype) || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
}

function layOut(specs: readonly TensorSpec[], dataStart: number): Map<string, PlacedTensor> {
  const tensors = new Map<string, PlacedTensor>();
  let position = dataStart;
  for (const spec of specs) {
    if (tensors.has(spec.name)) throw new Error(`createSafetensors: two tensors are named ${shown(spec.name)}`);
    tensors.set(spec.name, { ...spec, position, written: 0 });
    position += byteLengthOf(spec.dtype, spec.shape);
  }
  return tensors;
}

function checkPiece({ name, shape }: PlacedTensor, offset: number, length: number): void {
  if (offset >= 0 && offset + length <= sizeOf(shape)) return;
  throw new RangeError(`createSafetensors: ${shown(name)} is ${shownShape(shape)}, got ${length} values at ${offset}`);
}

function checkFilled({ name, shape, written }: PlacedTensor): void {
  if (written === sizeOf(shape)) return;
  throw new Error(`createSafetensors: ${shown(name)} needs ${sizeOf(shape)} values, got ${written}`);
}

function encode({ name, dtype }: TensorSpec, values: TensorValues): Uint8Array {
  if ((dtype === 'I32') !== values instanceof Int32Array) {
    throw new TypeError(`createSafetensors: ${shown(name)} is ${dtype}, got ${values.constructor.name}`);
  }
  const stored = narrow(dtype, values);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

function narrow(dtype: TensorSpec['dtype'], values: TensorValues): TensorValues | Uint16Array {
  if (values instanceof Int32Array || dtype === 'F32') return values;
  return dtype === 'F16' ? float32ToFloat16(values) : float32ToBfloat16(values);
}
