// The functions of lanes.h.
#include "lanes.h"
#include <cmath>
#include <cstring>
#include <limits>
#include "cpu_levels.h"

#define KD_ALWAYS_INLINE inline __attribute__((always_inline))

namespace kd {
namespace {

KD_ALWAYS_INLINE uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

KD_ALWAYS_INLINE float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/** The upper half of a float rounded to the nearest bfloat16, ties to even. NaN stays NaN. */
KD_ALWAYS_INLINE uint32_t roundedToBfloat16(float value) {
  const uint32_t bits = bitsOf(value);
  const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
  return (value != value ? bits | 0x400000 : rounded) >> 16;
}

/**
 * e^x within 2 ulp: 2^n e^r with |r| ≤ ln 2 / 2. e^r is 1 + r + r² p(r), with p fitted to a relative error of e^r under
 * 4e-9.
 */
KD_ALWAYS_INLINE float exponential(float x) {
  const float nearest = 12582912;  // 1.5 · 2²³: adding it rounds to an integer
  const float low = x < -104 ? -104.0f : x;
  const float clamped = low > 89 ? 89.0f : low;
  const float shifted = clamped * 1.44269504f + nearest;
  const float n = shifted - nearest;
  const float r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;
  const float p =
      (((1.38144905e-3f * r + 8.36878084e-3f) * r + 4.16683927e-2f) * r + 1.66665196e-1f) * r + 0.49999994f;
  const float power = r * r * p + r + 1;
  // 2^n in two factors, since n reaches from -150 to 128
  const int32_t exponent = static_cast<int32_t>(bitsOf(shifted) - bitsOf(nearest));
  const int32_t half = exponent >> 1;
  return power * floatOf(static_cast<uint32_t>(half + 127) << 23) *
         floatOf(static_cast<uint32_t>(exponent - half + 127) << 23);
}

/** erf(x) within 3 ulp: x p(x²) / q(x²) up to 3.925, where it rounds to 1. Fitted to a relative error of 2e-8. */
KD_ALWAYS_INLINE float errorFunction(float x) {
  const float low = x < -3.925f ? -3.925f : x;
  const float y = low > 3.925f ? 3.925f : low;
  const float t = y * y;
  const float p =
      ((((2.04602e-6f * t + 2.84844334e-4f) * t + 3.77257937e-3f) * t + 5.2769389e-2f) * t + 1.9059442e-1f) * t +
      1.12837911f;
  const float q =
      ((((3.80477868e-5f * t + 1.16386509e-3f) * t + 1.49832563e-2f) * t + 1.14183001e-1f) * t + 5.02242625e-1f) * t +
      1;
  return y * p / q;
}

KD_ALWAYS_INLINE float sigmoid(float x) { return 1 / (1 + exponential(-x)); }

/** tanh(x) within 3 ulp: x p(x²) / q(x²) up to 0.6, fitted to a relative error of 3e-9; from there by e^2x. */
KD_ALWAYS_INLINE float hyperbolicTangent(float x) {
  const float t = x * x;
  const float small = x * ((-1.54334877e-3f * t + 7.12850615e-2f) * t + 1) / (4.04618114e-1f * t + 1);
  const float size = x < 0 ? -x : x;
  const float large = 1 - 2 / (exponential(2 * size) + 1);
  return size < 0.6f ? small : x < 0 ? -large : large;
}

/** Partial results of a reduction: enough to hide the latency of an operation. */
constexpr size_t kPartials = 64;

KD_ALWAYS_INLINE float sum(float a, float b) { return a + b; }
KD_ALWAYS_INLINE float larger(float a, float b) { return a != a || a > b ? a : b; }

}  // namespace

/** Combines values in an order that depends only on their number. `NEUTRAL` changes nothing. */
#define KD_REDUCE(COMBINE, NEUTRAL)                                                            \
  {                                                                                            \
    float partial[kPartials], rest[kPartials];                                                 \
    for (size_t k = 0; k < kPartials; k++) partial[k] = rest[k] = NEUTRAL;                     \
    size_t i = 0;                                                                              \
    for (; i + kPartials <= n; i += kPartials)                                                 \
      for (size_t k = 0; k < kPartials; k++) partial[k] = COMBINE(values[i + k], partial[k]);  \
    std::memcpy(rest, values + i, (n - i) * sizeof *values);                                   \
    for (size_t k = 0; k < kPartials; k++) partial[k] = COMBINE(rest[k], partial[k]);          \
    for (size_t width = kPartials / 2; width > 0; width /= 2)                                  \
      for (size_t k = 0; k < width; k++) partial[k] = COMBINE(partial[k + width], partial[k]); \
    return partial[0];                                                                         \
  }

// Iterations do not depend on each other, even where `to` is an operand: each reads only what it replaces.
#if defined(__clang__)
#define KD_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define KD_INDEPENDENT _Pragma("GCC ivdep")
#endif
#define KD_EACH(VALUE) KD_INDEPENDENT for (size_t i = 0; i < n; i++) to[i] = VALUE
#define KD_UNARY(VALUE)                    \
  {                                        \
    KD_EACH(({ const float x = a[i]; VALUE; })); \
    return;                                \
  }
#define KD_BINARY(VALUE)                                                                        \
  {                                                                                             \
    if (first.isArray && second.isArray) KD_EACH(({ const float x = a[i], y = b[i]; VALUE; })); \
    else if (first.isArray) {                                                                   \
      const float y = *b;                                                                       \
      KD_EACH(({ const float x = a[i]; VALUE; }));                                              \
    } else {                                                                                    \
      const float x = *a;                                                                       \
      KD_EACH(({ const float y = b[second.isArray ? i : 0]; VALUE; }));                         \
    }                                                                                           \
    return;                                                                                     \
  }

KD_ALL_CPUS void apply(Function function, float* to, Operand first, Operand second, Operand third, size_t n) {
  const float *a = first.values, *b = second.values, *c = third.values;
  switch (function) {
    case Function::AddV2: KD_BINARY(x + y)
    case Function::Sub: KD_BINARY(x - y)
    case Function::Mul: KD_BINARY(x * y)
    case Function::RealDiv: KD_BINARY(x / y)
    case Function::SquaredDifference: KD_BINARY((x - y) * (x - y))
    case Function::Maximum: KD_BINARY(x != x || x > y ? x : y)
    case Function::Minimum: KD_BINARY(x != x || x < y ? x : y)
    case Function::Equal: KD_BINARY(x == y ? 1.0f : 0.0f)
    case Function::NotEqual: KD_BINARY(x != y ? 1.0f : 0.0f)
    case Function::Greater: KD_BINARY(x > y ? 1.0f : 0.0f)
    case Function::GreaterEqual: KD_BINARY(x >= y ? 1.0f : 0.0f)
    case Function::Less: KD_BINARY(x < y ? 1.0f : 0.0f)
    case Function::LessEqual: KD_BINARY(x <= y ? 1.0f : 0.0f)
    case Function::Square: KD_UNARY(x * x)
    case Function::Sqrt: KD_UNARY(std::sqrt(x))
    case Function::Rsqrt: KD_UNARY(1 / std::sqrt(x))
    case Function::Exp: KD_UNARY(exponential(x))
    case Function::Erf: KD_UNARY(errorFunction(x))
    case Function::Sigmoid: KD_UNARY(sigmoid(x))
    case Function::Tanh: KD_UNARY(hyperbolicTangent(x))
    case Function::Neg: KD_UNARY(-x)
    case Function::Abs: KD_UNARY(std::fabs(x))
    case Function::Relu: KD_UNARY(x != x || x > 0 ? x : 0.0f)
    case Function::Cast: KD_UNARY(x)
    case Function::SelectV2: {
      if (!first.isArray) {
        const Operand chosen = *a != 0 ? second : third;
        const float* from = chosen.values;
        KD_EACH(from[chosen.isArray ? i : 0]);
      } else {
        KD_EACH(a[i] != 0 ? b[second.isArray ? i : 0] : c[third.isArray ? i : 0]);
      }
      return;
    }
    default: return;
  }
}

KD_ALL_CPUS void roundToBfloat16(float* values, size_t n) {
  for (size_t i = 0; i < n; i++) values[i] = floatOf(roundedToBfloat16(values[i]) << 16);
}

KD_ALL_CPUS void toBfloat16(uint16_t* to, const float* from, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] = static_cast<uint16_t>(roundedToBfloat16(from[i]));
}

KD_ALL_CPUS void fromBfloat16(float* to, const uint16_t* from, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] = floatOf(static_cast<uint32_t>(from[i]) << 16);
}

KD_ALL_CPUS void toBool(uint8_t* to, const float* from, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] = from[i] != 0;
}

KD_ALL_CPUS void fromBool(float* to, const uint8_t* from, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] = from[i] != 0 ? 1.0f : 0.0f;
}

KD_ALL_CPUS float sumOf(const float* values, size_t n) KD_REDUCE(sum, 0.0f)

KD_ALL_CPUS float largestOf(const float* values, size_t n)
    KD_REDUCE(larger, -std::numeric_limits<float>::infinity())

}  // namespace kd
