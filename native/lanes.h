// Elementwise functions and reductions of float arrays. They give the same bits on all CPUs with the same instruction
// set, whatever the thread.
#pragma once
#include <cstddef>
#include <cstdint>

namespace kd {

/** What an instruction computes, named like TensorFlow's op. */
enum class Function {
  AddV2, Sub, Mul, RealDiv, SquaredDifference, Maximum, Minimum,
  Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual,
  Square, Sqrt, Rsqrt, Exp, Erf, Sigmoid, Tanh, Neg, Abs, Relu, Cast,
  SelectV2, Sum, Mean, Max,
};

/** One number, or as many as an instruction computes. */
struct Operand {
  const float* values;
  bool isArray;
};

/**
 * Computes an elementwise function of up to three operands: `n` values, or one if all operands are numbers. `to` may
 * be one of the operands.
 */
void apply(Function function, float* to, Operand first, Operand second, Operand third, size_t n);

/** The sum of values, added in an order that depends only on their number. */
float sumOf(const float* values, size_t n);

/** The largest of values; NaN if any is. */
float largestOf(const float* values, size_t n);

/** Rounds values to bfloat16, in place. */
void roundToBfloat16(float* values, size_t n);

/** Converts from float to bfloat16, to the nearest, ties to even. */
void toBfloat16(uint16_t* to, const float* from, size_t n);

/** Converts from bfloat16 to float. */
void fromBfloat16(float* to, const uint16_t* from, size_t n);

/** Converts from float to bool, one byte each: whether a value is not 0. */
void toBool(uint8_t* to, const float* from, size_t n);

/** Converts from bool to float: 0 or 1. */
void fromBool(float* to, const uint8_t* from, size_t n);

}  // namespace kd
