/**
 * @file float16 (IEEE 754 binary16) and bfloat16 (the upper half of a float32), element by element.
 *
 * Values are passed as bit patterns, because a JavaScript number may change a signalling NaN.
 */

let float16Table: Uint32Array | undefined;

/** float16 bit patterns as float32; exact, NaN payloads included. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  const table = (float16Table ??= Uint32Array.from({ length: 0x10000 }, (_, half) => float32BitsOfFloat16(half)));
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = table[halves[i]!]!;
  return values;
}

/** float32 as float16 bit patterns, rounded to nearest, ties to even; beyond 65,504 infinity. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = float16BitsOfFloat32(bits[i]!);
  return halves;
}

/** bfloat16 bit patterns as float32; exact. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return values;
}

/** float32 as bfloat16 bit patterns, rounded to nearest, ties to even. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i]!;
    // A NaN is cut, not rounded: a carry could turn it into infinity. Bit 6 keeps it a (quiet) NaN.
    if ((value & 0x7fffffff) > 0x7f800000) halves[i] = (value >>> 16) | 0x40;
    else halves[i] = (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
  return halves;
}

function float32BitsOfFloat16(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13); // infinity, NaN
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13); // 112 = 127 - 15, the biases
  return sign | bitsOf(fraction * 2 ** -24); // subnormal, zero
}

function float16BitsOfFloat32(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >> 13) & 0x3ff); // NaN
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65,536 and more
  if (magnitude < 0x38800000) {
    // Below 2^-14, float16's smallest normal. Float32 has steps of 2^-24 just above 0.5, float16's subnormal step,
    // so that adding 0.5 rounds; the sum fits a double exactly wherever rounding can go either way.
    return sign | (bitsOf(valueOf(magnitude) + 0.5) - bitsOf(0.5));
  }
  const rebased = magnitude - (112 << 23);
  return sign | ((rebased + 0xfff + ((rebased >> 13) & 1)) >> 13); // a carry into the exponent is right
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

function bitsOf(value: number): number {
  scratch[0] = value;
  return scratchBits[0]!;
}

function valueOf(bits: number): number {
  scratchBits[0] = bits;
  return scratch[0]!;
}
