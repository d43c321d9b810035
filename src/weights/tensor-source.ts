import type { Dtype } from './dtypes.js';
import { decodeFloat32, decodeInt32 } from './dtypes.js';
import { shown } from './wording.js';

/** What a file says about a tensor, known before its values are read. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** The tensors of a checkpoint, read one at a time; the whole file is never in memory. */
export interface TensorSource {
  /** File or folder, for messages. */
  readonly location: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Values in row-major order, as float32. Throws InputError unless they are F32, F16, BF16 or F64. */
  read(name: string): Promise<Float32Array>;
  /** Values in row-major order, as int32. Throws InputError unless they are integers that fit. */
  readInt32(name: string): Promise<Int32Array>;
  /** Closes the files; nothing can be read afterwards. */
  close(): Promise<void>;
}

/** The file of a source and the name of one of its tensors, for the beginning of a message. */
export function placeOf(location: string, name: string): string {
  return `${location}: tensor ${shown(name)}`;
}

/** A tensor of a source. Throws for unknown names, which are a bug of the caller. */
function tensorNamed<T extends TensorInfo>(tensors: ReadonlyMap<string, T>, name: string): T {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`tensorNamed: there is no tensor ${shown(name)}`);
  return tensor;
}

/** A source over anything that can provide a tensor's bytes, contiguous and in row-major order. */
export function sourceOfBytes<T extends TensorInfo>(
  location: string,
  tensors: ReadonlyMap<string, T>,
  bytesOf: (tensor: T) => Promise<ArrayBuffer>,
  close: () => Promise<void>,
): TensorSource {
  const load = async <V>(name: string, decode: (dtype: Dtype, bytes: ArrayBuffer, where: string) => V): Promise<V> => {
    const tensor = tensorNamed(tensors, name);
    return decode(tensor.dtype, await bytesOf(tensor), placeOf(location, name));
  };
  return {
    location,
    tensors,
    read: (name) => load(name, decodeFloat32),
    readInt32: (name) => load(name, decodeInt32),
    close,
  };
}
