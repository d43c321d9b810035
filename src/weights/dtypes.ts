/**
 * @file Element types of stored tensors, by their names in safetensors.
 *
 * Stored values are little-endian, as is every platform on which Node.js has TensorFlow, so typed arrays can view the
 * bytes.
 */
import { sizeOf } from '../base/shape.js';
import { InputError } from '../base/errors.js';
import { bfloat16ToFloat32, float16ToFloat32 } from './half.js';

/**
 * Bits an element, in the order in which the reference implementation sorts tensors when it writes (last type first).
 * Source: `enum Dtype`, https://github.com/huggingface/safetensors/blob/24b0b28/safetensors/src/tensor.rs
 */
const BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** An element type, as a file names it. */
export type Dtype = keyof typeof BITS;

const ORDER = Object.keys(BITS);

/** Whether a text names an element type of the format. */
export function isDtype(text: unknown): text is Dtype {
  return typeof text === 'string' && Object.hasOwn(BITS, text);
}

/** Sort order of the reference implementation: wider types first, so that every tensor is aligned. */
export function compareDtypes(a: Dtype, b: Dtype): number {
  return ORDER.indexOf(b) - ORDER.indexOf(a);
}

/** Bytes of a tensor; a fraction for some shapes of types narrower than a byte. */
export function byteLengthOf(dtype: Dtype, shape: readonly number[]): number {
  return (sizeOf(shape) * BITS[dtype]) / 8;
}

const TO_FLOAT32: Partial<Record<Dtype, (bytes: ArrayBuffer) => Float32Array>> = {
  F32: (bytes) => new Float32Array(bytes),
  F16: (bytes) => float16ToFloat32(new Uint16Array(bytes)),
  BF16: (bytes) => bfloat16ToFloat32(new Uint16Array(bytes)),
  F64: (bytes) => Float32Array.from(new Float64Array(bytes)),
};

const TO_INTEGERS: Partial<Record<Dtype, (bytes: ArrayBuffer) => ArrayLike<number> | BigInt64Array | BigUint64Array>> =
  {
    BOOL: (bytes) => new Uint8Array(bytes),
    U8: (bytes) => new Uint8Array(bytes),
    I8: (bytes) => new Int8Array(bytes),
    I16: (bytes) => new Int16Array(bytes),
    U16: (bytes) => new Uint16Array(bytes),
    I32: (bytes) => new Int32Array(bytes),
    U32: (bytes) => new Uint32Array(bytes),
    I64: (bytes) => new BigInt64Array(bytes),
    U64: (bytes) => new BigUint64Array(bytes),
  };

/** The dtypes that can be read as float32. */
export const FLOAT_DTYPES = Object.keys(TO_FLOAT32) as readonly Dtype[];

/** A dtype with an explanation where its name may not be enough. */
export function describeDtype(dtype: Dtype): string {
  const bits = /^F(\d)(?:_|$)/.exec(dtype)?.[1];
  return bits === undefined ? dtype : `${dtype} (float${bits})`;
}

/** Whether a dtype can be read as float32. */
export function isFloat(dtype: Dtype): boolean {
  return dtype in TO_FLOAT32;
}

/**
 * Stored elements as float32; F32 without a copy.
 *
 * @param where file and tensor, for the message
 * @throws InputError for a dtype that is not F32, F16, BF16 or F64
 */
export function decodeFloat32(dtype: Dtype, bytes: ArrayBuffer, where: string): Float32Array {
  const decode = TO_FLOAT32[dtype];
  if (!decode)
    throw new InputError(
      `${where}: expected floating-point values (${FLOAT_DTYPES.join(', ')}), found ${describeDtype(dtype)}; ` +
        'store it as F32',
    );
  return decode(bytes);
}

/**
 * Stored integers as int32; I32 without a copy.
 *
 * @param where file and tensor, for the message
 * @throws InputError for a dtype of other numbers, and for a value that int32 cannot hold
 */
export function decodeInt32(dtype: Dtype, bytes: ArrayBuffer, where: string): Int32Array {
  const decode = TO_INTEGERS[dtype];
  if (!decode) throw new InputError(`${where}: expected integers, found ${dtype}; store it as I32 or I64`);
  const stored = decode(bytes);
  if (stored instanceof Int32Array) return stored;
  const values = new Int32Array(stored.length);
  for (let i = 0; i < stored.length; i++) {
    values[i] = Number(stored[i]);
    if (values[i] !== Number(stored[i]))
      throw new InputError(
        `${where}: expected integers that fit in 32 bits, found ${stored[i]!.toString()}; ` +
          'store it as I32, with smaller values',
      );
  }
  return values;
}
