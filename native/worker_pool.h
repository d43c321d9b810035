// Threads that share the work of a kernel with the thread that TensorFlow calls it on.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif

namespace kd {

/**
 * Makes this thread flush denormal numbers to zero while in scope, as TensorFlow's threads do, so that a result does
 * not depend on the thread.
 */
class FlushDenormals {
 public:
#if defined(__SSE__)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  static constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  unsigned before_;
#else
  FlushDenormals() {}
#endif
};

/** The CPUs that this process may use. */
inline size_t availableCpus() {
#if defined(__linux__)
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0) return static_cast<size_t>(CPU_COUNT(&cpus));
#endif
  const unsigned count = std::thread::hardware_concurrency();
  return count == 0 ? 1 : count;
}

/** The threads that TensorFlow uses for an op: one for every CPU, unless the user wants fewer. */
inline size_t threadsOfOp() {
  const char* const wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int count = wanted == nullptr ? 0 : std::atoi(wanted);
  return count > 0 ? std::min(static_cast<size_t>(count), availableCpus()) : availableCpus();
}

/** Values that are worth handing to another thread. */
constexpr int64_t kValuesOfPart = 65536;

/** A pool with a thread for every CPU but the caller's, or for fewer. It lasts as long as the process. */
class WorkerPool {
 public:
  static WorkerPool& shared() {
    static WorkerPool* pool = new WorkerPool(threadsOfOp() - 1);
    return *pool;
  }

  /**
   * Calls `work(begin, end)` for all of `count` items, so many at a time, on this thread and on idle ones, and returns
   * when all are done. Throws what one of the calls threw.
   */
  void run(int64_t count, int64_t atATime, const std::function<void(int64_t, int64_t)>& work) {
    const FlushDenormals flush;
    runParts(static_cast<size_t>((count + atATime - 1) / atATime), [&](size_t part) {
      const int64_t begin = static_cast<int64_t>(part) * atATime;
      work(begin, std::min(begin + atATime, count));
    });
  }

 private:
  void runParts(size_t count, const std::function<void(size_t)>& part) {
    if (count < 2 || threads_ == 0) {
      for (size_t i = 0; i < count; i++) part(i);
      return;
    }
    const auto job = std::make_shared<Job>(count, part);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      jobs_.push_back(job);
    }
    wake_.notify_all();
    job->work();
    std::unique_lock<std::mutex> lock(job->mutex);
    job->finished.wait(lock, [&] { return job->done == count; });
    if (job->failure != nullptr) std::rethrow_exception(job->failure);
  }

  struct Job {
    Job(size_t parts, const std::function<void(size_t)>& of) : count(parts), part(of) {}

    const size_t count;
    const std::function<void(size_t)>& part;  // the caller's, which waits until all parts are done
    std::atomic<size_t> next{0};
    std::mutex mutex;
    std::condition_variable finished;
    size_t done = 0;
    std::exception_ptr failure;

    bool isTaken() const { return next.load() >= count; }

    void work() {
      size_t mine = 0;
      std::exception_ptr thrown;
      for (size_t i; (i = next.fetch_add(1)) < count; mine++) {
        try {
          part(i);
        } catch (...) {
          thrown = std::current_exception();
        }
      }
      if (mine == 0) return;
      const std::lock_guard<std::mutex> lock(mutex);
      done += mine;
      if (thrown != nullptr) failure = thrown;
      if (done == count) finished.notify_all();
    }
  };

  explicit WorkerPool(size_t threads) : threads_(threads) {
    for (size_t i = 0; i < threads; i++) std::thread([this] { serve(); }).detach();
  }

  void serve() {
    const FlushDenormals flush;
    for (;;) {
      std::shared_ptr<Job> job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] {
          while (!jobs_.empty() && jobs_.front()->isTaken()) jobs_.pop_front();
          return !jobs_.empty();
        });
        job = jobs_.front();
      }
      job->work();
    }
  }

  const size_t threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> jobs_;
};

}  // namespace kd
