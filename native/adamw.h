// The op `KdAdamW`: AdamW for one parameter, in one pass over memory.
#pragma once

namespace kd {

/** Registers the op and its kernel for CPUs with TensorFlow. Must be called once. */
void registerAdamW();

}  // namespace kd
