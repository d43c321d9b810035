// Ends the process while TensorFlow's threads are still at work.
#pragma once
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace kd {

/** The number of unsettled runs in all sessions. */
inline std::atomic<int> unsettled{0};

/** Whether a thread was detached when Node ended: it may go on computing, or freeing memory, until the process ends. */
inline std::atomic<bool> isThreadLeft{false};

/** Whether a server was started. It serves, on threads of its own, until the process ends: it cannot be stopped. */
inline std::atomic<bool> isServing{false};

/**
 * Ends the process at once if a thread is still computing, serving or freeing memory: the destructors that would follow
 * destroy TensorFlow's objects while it uses them.
 */
inline void onExit(int status, void*) {
  if (unsettled == 0 && !isThreadLeft && !isServing) return;
  std::fflush(nullptr);
  _exit(status);
}

/**
 * Makes `exit` call `onExit` before anything else. Exit functions run in reverse order, and TensorFlow registers its
 * own when it first creates certain objects. So this must be called each time that Node, or one of its worker threads,
 * ends.
 */
inline void skipDestructorsAtExit() { on_exit(onExit, nullptr); }

}  // namespace kd
