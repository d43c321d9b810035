// The ops that this project adds to TensorFlow.
#pragma once
#include <mutex>
#include "adamw.h"
#include "row_loop.h"

namespace kd {

/** Their names. */
constexpr const char* kOps = "KdRowLoop KdAdamW";

/** Registers all ops with TensorFlow, once in a process. */
inline void registerOps() {
  static std::once_flag once;
  std::call_once(once, [] {
    registerRowLoop();
    registerAdamW();
  });
}

}  // namespace kd
