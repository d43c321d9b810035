// Sessions: graphs that compute on threads of their own.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <node_api.h>
#include <tensorflow/c/c_api.h>
#include "exit.h"
#include "failure.h"
#include "graph_session.h"
#include "js_values.h"
#include "status.h"
#include "tensors.h"

namespace kd {

class Session;

/** One run of a session: its inputs, and then its results. */
struct Run {
  std::shared_ptr<Session> session;
  std::vector<TF_Output> inputs, outputs;
  std::vector<Tensor> fed, fetched;
  std::unique_ptr<Failure> failure;
  napi_deferred promise = nullptr;
};

/**
 * A graph with its variables, and threads that compute, each one run at a time.
 *
 * All public methods must be called on Node's thread. The object lives as long as its JavaScript handle, its runs or
 * its threads hold it; its graph lives until `close` and the end of the runs requested before.
 */
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const Bytes& definition, const Bytes& config, const std::string& target)
      : tensorflow_(definition, config, target) {}

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /** Starts the threads. If it throws, the session must be closed. */
  void start(napi_env env, size_t threads) {
    env_ = env;
    napi_value name = nullptr;
    check(env, napi_create_string_utf8(env, "TensorFlow session", NAPI_AUTO_LENGTH, &name));
    check(env, napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, settle,
                                               &settled_));
    check(env, napi_unref_threadsafe_function(env, settled_));
    // Hooks run in reverse order: this one before Node's own, which removes the function above.
    check(env, napi_add_env_cleanup_hook(env, onNodeEnds, this));
    for (size_t i = 0; i < threads; i++) threads_.emplace_back([self = shared_from_this()] { self->work(); });
  }

  TF_Graph* graph() { return tensorflow_.graph(); }
  /** Null once the session is freed. */
  TF_Session* session() { return tensorflow_.session(); }
  bool isClosed() const { return isClosed_; }

  /** Queues a run. Returns a promise of its results. */
  napi_value enqueue(std::unique_ptr<Run> run) {
    napi_value promise = nullptr;
    check(env_, napi_create_promise(env_, &run->promise, &promise));
    run->session = shared_from_this();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      queue_.push_back(std::move(run));
    }
    unsettled++;
    if (pending_++ == 0) napi_ref_threadsafe_function(env_, settled_);
    wake_.notify_one();
    return promise;
  }

  /** Frees the graph and its variables: now, or when all runs are settled. */
  void close() {
    if (isClosed_) return;
    end(true);
    if (pending_ == 0) finish();
  }

 private:
  /** Tells the threads to end when nothing is left to do, and whether Node is still there to receive results. */
  void end(bool hasNode) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      isClosed_ = true;
      hasNode_ = hasNode;
    }
    wake_.notify_all();
  }

  /** Waits for the threads, which have nothing left to do, and frees the session. */
  void finish() {
    napi_remove_env_cleanup_hook(env_, onNodeEnds, this);
    for (std::thread& thread : threads_) thread.join();
    tensorflow_.free();
    releaseFunction();
  }

  /** Called when Node ends; runs in progress go on without it. */
  static void onNodeEnds(void* data) {
    Session& session = *static_cast<Session*>(data);
    session.end(false);
    const bool isComputing = session.pending_ > 0;
    if (isComputing) {
      isThreadLeft = true;
      skipDestructorsAtExit();
    }
    for (std::thread& thread : session.threads_) {
      if (isComputing)
        thread.detach();
      else
        thread.join();
    }
    if (!isComputing) session.tensorflow_.free();
    session.releaseFunction();
  }

  void releaseFunction() {
    if (settled_ != nullptr) napi_release_threadsafe_function(settled_, napi_tsfn_release);
    settled_ = nullptr;
  }

  /** The loop of a thread: computes runs until the session is closed and nothing is left to do. */
  void work() {
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return isClosed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      std::unique_ptr<Run> run = std::move(queue_.front());
      queue_.pop_front();
      if (!hasNode_) continue;  // nobody waits for it
      lock.unlock();
      compute(*run);
      lock.lock();
      if (hasNode_ && napi_call_threadsafe_function(settled_, run.get(), napi_tsfn_nonblocking) == napi_ok)
        run.release();
    }
  }

  void compute(Run& run) {
    try {
      run.fetched = tensorflow_.run(run.inputs, run.fed, run.outputs);
    } catch (...) {
      run.failure = std::make_unique<Failure>(currentFailure());
    }
    run.fed.clear();
  }

  /** Called on Node's thread with a finished run: settles its promise. */
  static void settle(napi_env env, napi_value, void*, void* data) {
    const std::unique_ptr<Run> run(static_cast<Run*>(data));
    if (env == nullptr) return;  // Node ends
    Session& session = *run->session;
    unsettled--;
    if (--session.pending_ == 0) napi_unref_threadsafe_function(env, session.settled_);
    try {
      if (run->failure != nullptr) throw *run->failure;
      napi_value results = nullptr;
      check(env, napi_create_array(env, &results));
      for (size_t i = 0; i < run->fetched.size(); i++)
        check(env, napi_set_element(env, results, i, resultOf(env, std::move(run->fetched[i]))));
      check(env, napi_resolve_deferred(env, run->promise, results));
    } catch (...) {
      napi_reject_deferred(env, run->promise, errorOf(env, currentFailure()));
    }
    if (session.isClosed_ && session.pending_ == 0) session.finish();
  }

  GraphSession tensorflow_;
  napi_env env_ = nullptr;
  /** `settle`, called by the threads. They need not acquire it, as Node's thread releases it after they have ended. */
  napi_threadsafe_function settled_ = nullptr;
  std::vector<std::thread> threads_;
  /** The number of unsettled runs. */
  int pending_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by the mutex. Only Node's thread writes the last two, so it reads them without the mutex.
  std::deque<std::unique_ptr<Run>> queue_;
  bool isClosed_ = false;
  bool hasNode_ = true;
};

}  // namespace kd
