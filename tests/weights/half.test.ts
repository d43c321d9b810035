import { describe, expect, it } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../../src/weights/half.js';
import { randomIntegers } from './support.js';

const EVERY_HALF = Uint16Array.from({ length: 0x10000 }, (_, half) => half);

/** `(-1)^s 2^(e - bias) (1 + f / 2^bits)`, subnormals, infinities and NaN as IEEE 754 says, in double arithmetic. */
function valueOf(half: number, exponentBits: number, fractionBits: number): number {
  const sign = half >> 15 ? -1 : 1;
  const exponent = (half >> fractionBits) % 2 ** exponentBits;
  const fraction = (half % 2 ** fractionBits) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** The finite half that is nearest to a value, the even one of two, by looking at all of them. */
function nearest(value: number, table: Float32Array): number {
  const magnitude = Math.abs(value);
  let [low, high] = [0, table.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (table[middle] <= magnitude) low = middle;
    else high = middle;
  }
  const below = magnitude - table[low];
  const above = table[high] - magnitude;
  const half = below < above || (below === above && low % 2 === 0) ? low : high;
  return half + (value < 0 || Object.is(value, -0) ? 0x8000 : 0);
}

describe.each([
  {
    name: 'float16',
    toFloat32: float16ToFloat32,
    fromFloat32: float32ToFloat16,
    exponentBits: 5,
    fractionBits: 10,
    infinity: 0x7c00,
    beyond: 65536,
  },
  {
    name: 'bfloat16',
    toFloat32: bfloat16ToFloat32,
    fromFloat32: float32ToBfloat16,
    exponentBits: 8,
    fractionBits: 7,
    infinity: 0x7f80,
    beyond: 2 ** 128,
  },
])('$name', ({ toFloat32, fromFloat32, exponentBits, fractionBits, infinity, beyond }) => {
  it('gives every one of the 65,536 values as the formula does', () => {
    const values = toFloat32(EVERY_HALF);
    const wrong = EVERY_HALF.filter((half) => !Object.is(values[half], valueOf(half, exponentBits, fractionBits)));
    expect([...wrong]).toEqual([]);
  });

  it('comes back unchanged from float32, and a NaN stays a NaN of the same sign', () => {
    const back = fromFloat32(toFloat32(EVERY_HALF));
    const quiet = 2 ** (fractionBits - 1);
    const expected = EVERY_HALF.map((half) =>
      Number.isNaN(valueOf(half, exponentBits, fractionBits)) ? half | quiet : half,
    );
    expect(back).toEqual(expected);
  });

  it('rounds to nearest, ties to even', () => {
    const finite = Float32Array.from({ length: infinity }, (_, half) => valueOf(half, exponentBits, fractionBits));
    const table = Float32Array.from([...finite, beyond === 2 ** 128 ? 3.4028236692093846e38 : beyond]);
    const random = randomIntegers(7);
    const halfway = Array.from({ length: 4000 }, () => random(infinity - 1)).map(
      (half) => (finite[half] + finite[half + 1]) / 2,
    );
    const bits = Uint32Array.from({ length: 8000 }, () => random(2 ** 32));
    const anything = [...new Float32Array(bits.buffer)].filter((value) => Math.abs(value) <= finite.at(-1)!);
    const near = halfway.flatMap((value) => [value, -value, value * (1 + 2 ** -22), value * (1 - 2 ** -22)]);
    const values = Float32Array.from([...near, ...anything, 0, -0, 1e-45, -1e-45]);
    const expected = Uint16Array.from(values, (value) => nearest(value, table));
    expect(fromFloat32(values)).toEqual(expected);
  });

  it('rounds what is too large to infinity', () => {
    expect([...fromFloat32(Float32Array.of(3.4028234e38, -3.4028234e38, Infinity, -Infinity))]).toEqual([
      infinity,
      infinity | 0x8000,
      infinity,
      infinity | 0x8000,
    ]);
  });

  it('reads a part of a larger array', () => {
    const values = Float32Array.of(9, 1, -2, 9).subarray(1, 3);
    expect([...toFloat32(fromFloat32(values))]).toEqual([1, -2]);
  });
});

it('float16 rounds 65,519 down to 65,504, its largest, and 65,520 up to infinity', () => {
  expect([...float32ToFloat16(Float32Array.of(65519, 65520))]).toEqual([0x7bff, 0x7c00]);
});
