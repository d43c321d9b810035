// The op `KdRowLoop`: elementwise functions and reductions over rows, in one pass over memory. A row's intermediate
// values stay in the CPU's cache.
#pragma once

namespace kd {

/** Registers the op and its kernel for CPUs with TensorFlow. Must be called once. */
void registerRowLoop();

}  // namespace kd
