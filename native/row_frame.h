// One thread's work on a row loop: the state of its program for a piece of a row.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>
#include "kernels.h"
#include "lanes.h"
#include "row_program.h"

namespace kd {

/** The floats of a cache line, and of the widest vector. */
constexpr size_t kLine = 16;

/** The tensors of one call, by slot. */
using Tensors = std::vector<Tensor>;

/** The state of one thread: where each slot's values are, for the piece of a row being computed. */
class Frame {
 public:
  Frame(const RowProgram& program, const Tensors& tensors) : program_(program), numbers_(program.slots.size()) {
    for (const Tensor& tensor : tensors)
      memory_.push_back(tensor == nullptr ? nullptr : TF_TensorData(tensor.get()));
    placeArrays();
    computeShared();
  }

  /** Computes `width` values of a row, from `column`. */
  void compute(int64_t row, int64_t column, int64_t width) {
    for (size_t i = 0; i < program_.slots.size(); i++) place(i, row, column, width);
    for (const Instruction& each : program_.instructions)
      if (!each.isShared) execute(each, width);
    for (size_t i = 0; i < program_.slots.size(); i++)
      if (program_.slots[i].storage == Storage::Output) store(i, row, column, width);
  }

 private:
  static size_t wholeLines(int64_t width) { return (static_cast<size_t>(width) + kLine - 1) / kLine * kLine; }

  /** Gives every slot a place of the thread's own: an array on a cache line, or a number. */
  void placeArrays() {
    std::vector<size_t> sizes;
    size_t total = kLine;
    for (const Slot& slot : program_.slots) {
      sizes.push_back(slot.isOwnArray() ? wholeLines(slot.isShared ? program_.width : program_.pieceWidth()) : 0);
      total += sizes.back();
    }
    scratch_.resize(total);
    const size_t past = reinterpret_cast<uintptr_t>(scratch_.data()) / sizeof(float) % kLine;
    float* next = scratch_.data() + (kLine - past) % kLine;
    for (size_t i = 0; i < sizes.size(); i++) {
      own_.push_back(sizes[i] > 0 ? next : &numbers_[i]);
      next += sizes[i];
    }
  }

  /** Reads and computes what is the same for all rows. */
  void computeShared() {
    at_ = own_;
    for (size_t i = 0; i < program_.slots.size(); i++) {
      const Slot& slot = program_.slots[i];
      if (slot.storage == Storage::Constant) numbers_[i] = slot.value;
      if (slot.storage != Storage::Input || !slot.isShared) continue;
      if (slot.isInMemory()) at_[i] = static_cast<float*>(memory_[i]);
      else load(i, 0, program_.width);
    }
    shared_ = at_;
    for (const Instruction& each : program_.instructions)
      if (each.isShared) execute(each, program_.width);
  }

  /** Finds a slot's values for a piece of a row. */
  void place(size_t i, int64_t row, int64_t column, int64_t width) {
    const Slot& slot = program_.slots[i];
    if (slot.isShared) {
      if (slot.isArray) at_[i] = shared_[i] + column;
    } else if (slot.storage == Storage::Input) {
      int64_t from = 0;
      for (const Term& term : slot.terms) from += row / term.divisor % term.size * term.stride;
      if (slot.isArray) from = from * program_.width + column;
      if (slot.isInMemory()) at_[i] = static_cast<float*>(memory_[i]) + from;
      else load(i, from, width);
    } else if (slot.storage == Storage::Output && slot.isInMemory()) {
      at_[i] = static_cast<float*>(memory_[i]) + row * program_.width + column;
    }
  }

  /** Reads an input's values into the thread's own place. */
  void load(size_t i, int64_t from, int64_t width) {
    const Slot& slot = program_.slots[i];
    const size_t count = slot.isArray ? static_cast<size_t>(width) : 1;
    if (slot.type == TF_BFLOAT16) fromBfloat16(own_[i], static_cast<const uint16_t*>(memory_[i]) + from, count);
    else if (slot.type == TF_BOOL) fromBool(own_[i], static_cast<const uint8_t*>(memory_[i]) + from, count);
    else *own_[i] = static_cast<const float*>(memory_[i])[from]; // a number; arrays are read where they are
  }

  /** Writes an output's values, unless they were computed where TensorFlow has them. */
  void store(size_t i, int64_t row, int64_t column, int64_t width) {
    const Slot& slot = program_.slots[i];
    const int64_t to = slot.isArray ? row * program_.width + column : row;
    const size_t count = slot.isArray ? static_cast<size_t>(width) : 1;
    const float* const from = at_[slot.source];
    if (slot.type == TF_BFLOAT16) toBfloat16(static_cast<uint16_t*>(memory_[i]) + to, from, count);
    else if (slot.type == TF_BOOL) toBool(static_cast<uint8_t*>(memory_[i]) + to, from, count);
    else if (!slot.isArray) static_cast<float*>(memory_[i])[to] = *from;
  }

  Operand operandOf(size_t slot) const { return {at_[slot], program_.slots[slot].isArray}; }

  void execute(const Instruction& each, int64_t width) {
    float* const to = at_[each.to];
    const Operand first = operandOf(each.operands[0]);
    const size_t values = static_cast<size_t>(width);
    const size_t count = !program_.slots[each.to].isArray ? 1 : each.isOwn ? wholeLines(width) : values;
    if (each.function == Function::Max) *to = largestOf(first.values, values);
    else if (each.function == Function::Sum) *to = sumOf(first.values, values);
    else if (each.function == Function::Mean) *to = sumOf(first.values, values) / static_cast<float>(width);
    else apply(each.function, to, first, operandOf(each.operands[1]), operandOf(each.operands[2]), count);
    if (each.isRounded) roundToBfloat16(to, count);
  }

  const RowProgram& program_;
  std::vector<float> numbers_, scratch_;
  /** By slot: TensorFlow's memory, the thread's own, that for all rows, and what is used for the current piece. */
  std::vector<void*> memory_;
  std::vector<float*> own_, shared_, at_;
};

}  // namespace kd
