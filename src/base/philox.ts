/**
 * Stateless random numbers: a value depends on a key and a position, never on what was drawn before.
 *
 * The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011,
 * https://doi.org/10.1145/2063384.2063405), keyed as TensorFlow's `StatelessRandomUniform` keys it
 * (tensorflow/core/kernels/stateless_random_ops.cc, `GenerateKey`), so that the same numbers come from TensorFlow's
 * kernel and from here.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** TensorFlow's key for scrambling a user's seed: "Scramble the seeds so that the user need not worry". */
const SCRAMBLE_KEY = [0x3ec8f720, 0x02461e29] as const;

/** A 32-bit hash of a string (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/), as a signed integer. */
export function hash32(text: string, basis = 0x811c9dc5): number {
  let hash = basis;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash | 0;
}

/** The high 32 bits of the 64-bit product of two unsigned 32-bit integers. No intermediate value exceeds 32 bits. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) >>> 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) >>> 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/** A counter of four unsigned 32-bit integers. */
type Counter = readonly [number, number, number, number];

/** Writes one Philox block: four unsigned 32-bit integers from a counter and a key of two, into `out` at `at`. */
function philox(counter: Counter, key: readonly [number, number], out: Uint32Array, at: number): void {
  let c0 = counter[0] | 0; // reading them so is quicker than taking the tuples apart
  let c1 = counter[1] | 0;
  let c2 = counter[2] | 0;
  let c3 = counter[3] | 0;
  let k0 = key[0] | 0;
  let k1 = key[1] | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const low0 = Math.imul(c0, MULTIPLIER_0);
    const low1 = Math.imul(c2, MULTIPLIER_1);
    const next0 = multiplyHigh(c2, MULTIPLIER_1) ^ c1 ^ k0;
    const next2 = multiplyHigh(c0, MULTIPLIER_0) ^ c3 ^ k1;
    c0 = next0;
    c1 = low1;
    c2 = next2;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[at] = c0;
  out[at + 1] = c1;
  out[at + 2] = c2;
  out[at + 3] = c3;
}

/**
 * `size` unsigned 32-bit integers from a seed of two signed 32-bit integers.
 *
 * @param seed `[place, step]` or any other two integers; each is sign-extended to 64 bits, as in TensorFlow
 */
export function randomBits(size: number, seed: readonly [number, number]): Uint32Array {
  const [place, step] = [seed[0] | 0, seed[1] | 0];
  const scrambled = new Uint32Array(4);
  philox([place, place >> 31, step, step >> 31], SCRAMBLE_KEY, scrambled, 0);
  const key = [scrambled[0]!, scrambled[1]!] as const;
  const [high0, high1] = [scrambled[2]!, scrambled[3]!];
  const blocks = Math.ceil(size / 4); // under 2³², so the counter's second integer stays 0
  const bits = new Uint32Array(4 * blocks);
  for (let block = 0; block < blocks; block++) philox([block, 0, high0, high1], key, bits, 4 * block);
  return bits.subarray(0, size);
}

/** `size` float32 numbers, uniform in [0, 1): the low 23 bits become the mantissa, as in TensorFlow. */
export function randomUniform(size: number, seed: readonly [number, number]): Float32Array {
  const bits = randomBits(size, seed);
  const uniform = new Float32Array(size);
  for (let i = 0; i < size; i++) uniform[i] = (bits[i]! & 0x7fffff) / 0x800000;
  return uniform;
}

/**
 * `size` float32 numbers from the normal distribution of the given deviation (Box and Muller, 1958).
 *
 * Identical on every machine: `Math.log`, `Math.sin` and `Math.cos` may differ between JavaScript engines in the last
 * bit (ECMA-262, section 21.3.2: "implementation-approximated"), so this uses only operations that IEEE 754 specifies
 * exactly: + − × ÷ and the square root.
 */
export function randomNormal(size: number, deviation: number, seed: readonly [number, number]): Float32Array {
  const pairs = Math.ceil(size / 2);
  const bits = randomBits(2 * pairs, seed);
  const normal = new Float32Array(size);
  for (let i = 0; i < pairs; i++) {
    const radius = deviation * Math.sqrt(-2 * logOfShare(bits[2 * i]!));
    const turn = bits[2 * i + 1]!;
    normal[2 * i] = radius * sineOfTurn((turn + QUARTER_TURN) >>> 0);
    if (2 * i + 1 < size) normal[2 * i + 1] = radius * sineOfTurn(turn);
  }
  return normal;
}

const LN2 = 0.6931471805599453;
const HALF_PI = 1.5707963267948966;
const SQRT_HALF = 0.7071067811865476;

/**
 * log x = 2·(s + s³/3 + s⁵/5 + …), where s = (x − 1)/(x + 1). With these terms the truncation error for x in √½ … √2 is
 * below 2⁻⁵⁶.
 */
const LOG_TERMS = Float64Array.from({ length: 11 }, (_, k) => 1 / (2 * k + 1));

/**
 * sin x = x − x³/3! + x⁵/5! − … and cos x = 1 − x²/2! + x⁴/4! − …. With these terms the truncation error for x in
 * 0 … π/4 is below 2⁻⁵⁶.
 */
const SINE_TERMS = alternatingTerms(1, 9);
const COSINE_TERMS = alternatingTerms(0, 9);

/** ±1/n! for n = first, first + 2, …, with alternating signs. */
function alternatingTerms(first: number, count: number): Float64Array {
  let term = 1;
  return Float64Array.from({ length: count }, (_, k) => {
    const n = first + 2 * k;
    if (k > 0) term /= -(n * (n - 1)); // 0! = 1! = 1
    return term;
  });
}

/** Σ terms[k]·xᵏ (Horner's scheme). */
function polynomial(terms: Float64Array, x: number): number {
  let sum = 0;
  for (let k = terms.length - 1; k >= 0; k--) sum = sum * x + terms[k]!;
  return sum;
}

/** log((n + 1) / 2³²) for a whole n from 0 to 2³² − 1. */
function logOfShare(n: number): number {
  let mantissa = (n + 1) / 0x100000000;
  let exponent = 0;
  while (mantissa < SQRT_HALF) {
    mantissa *= 2; // exact
    exponent--;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  return exponent * LN2 + 2 * s * polynomial(LOG_TERMS, s * s);
}

/** Half a turn, a quarter, and an eighth, in units of 2⁻³² turns. */
const HALF_TURN = 0x80000000;
const QUARTER_TURN = 0x40000000;
const EIGHTH_TURN = 0x20000000;

/** sin(2π·n / 2³²) for a whole n from 0 to 2³² − 1. The reduction to 0 … π/4 is exact, as it uses whole numbers. */
function sineOfTurn(n: number): number {
  const rest = n & (QUARTER_TURN - 1);
  const isRising = (n & QUARTER_TURN) === 0;
  const quarter = isRising ? rest : QUARTER_TURN - rest; // the angle in 0 … π/2 with this sine up to sign
  const sine = quarter <= EIGHTH_TURN ? sineUpToEighth(quarter) : cosineUpToEighth(QUARTER_TURN - quarter);
  return (n & HALF_TURN) === 0 ? sine : -sine;
}

function sineUpToEighth(n: number): number {
  const x = (n / QUARTER_TURN) * HALF_PI;
  return x * polynomial(SINE_TERMS, x * x);
}

function cosineUpToEighth(n: number): number {
  const x = (n / QUARTER_TURN) * HALF_PI;
  return polynomial(COSINE_TERMS, x * x);
}
