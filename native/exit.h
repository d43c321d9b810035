// The end of the process while TensorFlow still has threads at work.
#pragma once
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace kd {

/** Runs that are not settled, in all sessions. */
inline std::atomic<int> unsettled{0};

/** Whether a thread was detached when Node ended: it may compute, or free what it has, until the process ends. */
inline std::atomic<bool> isThreadLeft{false};

/** Whether a server was started. It serves, on threads of its own, until the process ends: it cannot be stopped. */
inline std::atomic<bool> isServing{false};

/**
 * Ends the process where a thread still computes, or serves, or frees what it computed with: the destructors that
 * follow would take TensorFlow's objects away from under it.
 */
inline void onExit(int status, void*) {
  if (unsettled == 0 && !isThreadLeft && !isServing) return;
  std::fflush(nullptr);
  _exit(status);
}

/**
 * Has `exit` call `onExit` before anything else. Functions are called in reverse order, and TensorFlow adds its own
 * whenever it first makes an object: so this is to be called each time that Node, or a worker thread of it, ends.
 */
inline void skipDestructorsAtExit() { on_exit(onExit, nullptr); }

}  // namespace kd
