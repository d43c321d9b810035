/**
 * @file The field numbers of the messages in ONNX files (https://github.com/onnx/onnx/blob/v1.15.0/onnx/onnx.proto).
 */
import { bytes, integer } from '../base/protobuf.js';

/** Fields of `ModelProto`. */
export const MODEL = { irVersion: 1, producer: 2, producerVersion: 3, graph: 7, opset: 8 } as const;

/** Fields of `GraphProto`. */
export const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;

/** Fields of `ValueInfoProto` and of the messages in it: a type, a tensor's type, its shape, a dimension. */
export const VALUE_INFO = { name: 1, type: 2 } as const;
export const TYPE = { tensor: 1 } as const;
export const TENSOR_TYPE = { dataType: 1, shape: 2 } as const;
export const SHAPE = { dimension: 1 } as const;
export const DIMENSION = { size: 1, name: 2 } as const;

/** A size: a number, or a name if any size is allowed; an empty string if that has no name. */
export type Dimension = number | string;

/**
 * A `ValueInfoProto`: an input or output with its type.
 *
 * @param type its number in `TensorProto.DataType`
 */
export function valueInfoOf(name: string, type: number, shape: readonly Dimension[]): Buffer {
  const dimensions = shape.map((size) =>
    bytes(
      SHAPE.dimension,
      typeof size === 'number' ? integer(DIMENSION.size, size) : size === '' ? [] : bytes(DIMENSION.name, size),
    ),
  );
  const tensor = [integer(TENSOR_TYPE.dataType, type), bytes(TENSOR_TYPE.shape, dimensions)];
  return Buffer.concat([bytes(VALUE_INFO.name, name), bytes(VALUE_INFO.type, [bytes(TYPE.tensor, tensor)])]);
}

/** Fields of `TensorProto`. */
export const TENSOR = {
  dims: 1,
  dataType: 2,
  floats: 4,
  int32s: 5,
  texts: 6,
  int64s: 7,
  name: 8,
  rawData: 9,
  doubles: 10,
  uint64s: 11,
  externalData: 13,
  dataLocation: 14,
} as const;

/** The numbers of `TensorProto.DataType`. */
export const DATA_TYPES = { float32: 1, int32: 6, int64: 7, float16: 10 } as const;
export type DataType = keyof typeof DATA_TYPES;

/** `TensorProto.DataLocation`: in a file beside the ONNX file. */
export const EXTERNAL = 1;

/** The fields of a `TensorProto` that say where its values are: in which file beside the ONNX file, and where in it. */
export function externalData(location: string, offset: number, length: number): Buffer[] {
  const entries = Object.entries({ location, offset: String(offset), length: String(length) });
  return [
    ...entries.map(([key, value]) => bytes(TENSOR.externalData, [bytes(1, key), bytes(2, value)])),
    integer(TENSOR.dataLocation, EXTERNAL),
  ];
}
