// A row loop's program: what it computes for each row of its inputs.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <vector>
#include <tensorflow/c/c_api.h>
#include "failure.h"
#include "lanes.h"

namespace kd {

/** Where a slot's values come from, or go to. */
enum class Storage { Input, Constant, Temporary, Output };

/** Row `r` of a loop reads the row of an input that is the sum of `(r / divisor % size) · stride`. */
struct Term {
  int64_t divisor, size, stride;
};

/** A value of a program: an array as wide as a row, or a number. */
struct Slot {
  Storage storage;
  bool isArray;
  /** Whether it is the same for all rows. */
  bool isShared = false;
  TF_DataType type = TF_FLOAT;
  /** Of an input: how many rows it has, and which of them a row of the loop reads. */
  int64_t rows = 1;
  std::vector<Term> terms = {};
  /** Of a constant. */
  float value = 0;
  /** Of an output: the slot whose value it returns. */
  size_t source = 0;
  std::vector<int64_t> shape = {};

  /** Whether it is an array that is read or written where TensorFlow has it. */
  bool isInMemory() const {
    return isArray && type == TF_FLOAT && (storage == Storage::Input || storage == Storage::Output);
  }

  /** Whether it is an array that each thread has for itself. */
  bool isOwnArray() const { return isArray && !isInMemory() && storage != Storage::Output; }
};

/** Computes slot `to` from up to three others. */
struct Instruction {
  Function function;
  /** Whether it is computed once, instead of for each row. */
  bool isShared;
  bool isRounded;
  size_t to;
  size_t operands[3];
  /** Whether it uses only arrays of the thread's own, which have room for whole vectors. */
  bool isOwn = false;
};

/**
 * A program, read from words (see `row-program.ts`):
 *
 *   rows R width W
 *   input <dtype> <array|number> <shared|row> <rows> <terms> (<divisor> <size> <stride>)…
 *   constant <bits>                                    the bits of a float, as an unsigned integer
 *   temporary <array|number> <shared|row>
 *   output <dtype> <array|number> <slot> <rank> <size>…    returns a slot's value, perhaps its own
 *   do <function> <shared|row> <rounded|exact> <to> <operand> <operand> <operand>
 *
 * Slots are numbered in the order of their lines, inputs first.
 */
struct RowProgram {
  int64_t rows = 0, width = 0;
  std::vector<Slot> slots;
  std::vector<Instruction> instructions;
  /** Whether rows must be computed whole, because something is reduced over them. */
  bool reduces = false;

  /** How many values of a row are computed together: few enough for the first-level cache, if nothing is reduced. */
  int64_t pieceWidth() const { return reduces ? width : std::min<int64_t>(width, 1024); }

  explicit RowProgram(const std::string& text) {
    std::istringstream words(text);
    std::string word;
    while (words >> word) {
      if (word == "rows") words >> rows;
      else if (word == "width") words >> width;
      else if (word == "do") instructions.push_back(readInstruction(words));
      else slots.push_back(readSlot(word, words));
    }
    if (!words.eof() || rows < 1 || width < 1) refuse("a row loop's program cannot be read");
    for (const Slot& slot : slots)
      if (slot.source >= slots.size()) refuse("a row loop's program returns a slot that it lacks");
    for (Instruction& each : instructions) {
      each.isOwn = true;
      for (size_t slot : {each.to, each.operands[0], each.operands[1], each.operands[2]}) {
        if (slot >= slots.size()) refuse("a row loop's program uses a slot that it lacks");
        if (slots[slot].isInMemory()) each.isOwn = false;
      }
    }
  }

 private:
  static std::string wordOf(std::istringstream& words) {
    std::string word;
    words >> word;
    return word;
  }

  static TF_DataType typeOf(const std::string& word) {
    if (word == "float32") return TF_FLOAT;
    if (word == "bfloat16") return TF_BFLOAT16;
    if (word == "bool") return TF_BOOL;
    refuse("a row loop has no dtype " + word);
  }

  static Slot readSlot(const std::string& kind, std::istringstream& words) {
    if (kind == "constant") {
      uint32_t bits = 0;
      words >> bits;
      Slot slot{Storage::Constant, false};
      slot.isShared = true;
      std::memcpy(&slot.value, &bits, sizeof bits);
      return slot;
    }
    if (kind == "temporary") {
      Slot slot{Storage::Temporary, wordOf(words) == "array"};
      slot.isShared = wordOf(words) == "shared";
      return slot;
    }
    if (kind == "input") {
      const TF_DataType type = typeOf(wordOf(words));
      Slot slot{Storage::Input, wordOf(words) == "array"};
      slot.type = type;
      slot.isShared = wordOf(words) == "shared";
      size_t terms = 0;
      words >> slot.rows >> terms;
      slot.terms.resize(terms);
      int64_t last = 0;
      for (Term& term : slot.terms) {
        words >> term.divisor >> term.size >> term.stride;
        if (term.divisor < 1 || term.size < 1) refuse("a row loop's input has no rows");
        last += (term.size - 1) * term.stride;
      }
      if (last >= slot.rows) refuse("a row loop's input has too few rows");
      return slot;
    }
    if (kind != "output") refuse("a row loop's program has no " + kind);
    const TF_DataType type = typeOf(wordOf(words));
    Slot slot{Storage::Output, wordOf(words) == "array"};
    slot.type = type;
    size_t rank = 0;
    words >> slot.source >> rank;
    slot.shape.resize(rank);
    for (int64_t& size : slot.shape) words >> size;
    return slot;
  }

  Instruction readInstruction(std::istringstream& words) {
    static const std::map<std::string, Function> functions = {
        {"AddV2", Function::AddV2}, {"Sub", Function::Sub}, {"Mul", Function::Mul}, {"RealDiv", Function::RealDiv},
        {"SquaredDifference", Function::SquaredDifference}, {"Maximum", Function::Maximum},
        {"Minimum", Function::Minimum}, {"Equal", Function::Equal}, {"NotEqual", Function::NotEqual},
        {"Greater", Function::Greater}, {"GreaterEqual", Function::GreaterEqual}, {"Less", Function::Less},
        {"LessEqual", Function::LessEqual}, {"Square", Function::Square}, {"Sqrt", Function::Sqrt},
        {"Rsqrt", Function::Rsqrt}, {"Exp", Function::Exp}, {"Erf", Function::Erf}, {"Sigmoid", Function::Sigmoid},
        {"Tanh", Function::Tanh}, {"Neg", Function::Neg}, {"Abs", Function::Abs}, {"Relu", Function::Relu},
        {"Cast", Function::Cast}, {"SelectV2", Function::SelectV2}, {"Sum", Function::Sum}, {"Mean", Function::Mean},
        {"Max", Function::Max}};
    const std::string name = wordOf(words);
    const auto found = functions.find(name);
    if (found == functions.end()) refuse("a row loop has no function " + name);
    Instruction instruction{};
    instruction.function = found->second;
    instruction.isShared = wordOf(words) == "shared";
    instruction.isRounded = wordOf(words) == "rounded";
    words >> instruction.to;
    for (size_t& operand : instruction.operands) words >> operand;
    reduces = reduces || isReduction(instruction.function);
    return instruction;
  }

  static bool isReduction(Function function) {
    return function == Function::Sum || function == Function::Mean || function == Function::Max;
  }
};

}  // namespace kd
