/**
 * @file The natural logarithm of float32 numbers, bit for bit as NumPy computes it on CPUs with AVX2 or AVX-512. It may
 * be off by two units in the last place, which can decide between two time steps when a fraction is truncated. Source:
 * `simd_log_FLOAT` in
 * https://github.com/numpy/numpy/blob/v2.4.0/numpy/_core/src/umath/loops_exponent_log.dispatch.c.src
 */

/** Coefficients of numerator and denominator, from the fifth power down: `NPY_COEFF_P5_LOGf` and so on. */
const NUMERATOR = Float32Array.of(
  0.025899791179079226,
  0.3808837741388408,
  1.4800006335765066,
  2.112677543073053,
  0.9999999999999999,
  0,
);
const DENOMINATOR = Float32Array.of(
  0.005875095403124574,
  0.15464763749839067,
  0.9864942958519419,
  2.453006071784736,
  2.6126775430731093,
  1,
);

const LN2 = Math.fround(Math.LN2);

/** `a · b + c`, rounded to float32 once: the product of two float32 numbers is exact in float64. */
const multiplyAdd = (a: number, b: number, c: number): number => Math.fround(a * b + c);

/** ln x for a positive float32, as NumPy rounds it; −∞ for 0. */
export function float32Log(x: number): number {
  if (x === 0) return -Infinity;
  let exponent = Math.floor(Math.log2(x)) + 1;
  let mantissa = x / 2 ** exponent;
  if (mantissa >= 1) [mantissa, exponent] = [mantissa / 2, exponent + 1]; // where log2 rounded the other way
  if (mantissa < 0.5) [mantissa, exponent] = [mantissa * 2, exponent - 1];
  if (mantissa <= Math.fround(Math.SQRT1_2)) [mantissa, exponent] = [mantissa * 2, exponent - 1];
  const y = Math.fround(mantissa - 1);
  const polynomial = (coefficients: Float32Array): number =>
    coefficients.reduce((sum, coefficient) => multiplyAdd(sum, y, coefficient));
  return multiplyAdd(exponent, LN2, Math.fround(polynomial(NUMERATOR) / polynomial(DENOMINATOR)));
}
