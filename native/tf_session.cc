// A Node-API addon over TensorFlow's C API: graphs, each in a session of its own that computes on a thread of its own, so
// that Node's event loop goes on meanwhile.
//
//   open(graphDef: Uint8Array, config: Uint8Array, threads, target?) → session
//       a GraphDef and a ConfigProto, encoded; the target of a server, else it computes in the process alone
//   serve(serverDef: Uint8Array, port, networkDevice: string) → target
//       starts TensorFlow's server (a ServerDef, encoded), which is reached through that network device only
//   run(session, feeds, fetches: string[]) → Promise<{ dtype, shape, buffer, memory }[]>
//       feeds: { name, dtype, shape: number[], data: typed array }[]; their values are copied before `run` returns
//   release(buffer, memory)                                       gives the memory of something fetched back now
//   close(session)                                                after the runs that were asked for, if any
//
// Values are numbers of TensorFlow's `DataType`, tensors the first outputs of the named nodes. Runs of one session take place one
// after the other, in the order of the calls. Errors are JavaScript's, with the name of TensorFlow's code as `code`.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <node_api.h>
#include <tensorflow/c/c_api.h>

namespace {

// ---------------------------------------------------------------------------------------------------------- failures

/** What goes to JavaScript as an Error. */
struct Failure {
  std::string code;
  std::string message;
};

const char* codeName(TF_Code code) {
  static const char* const names[] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
    "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};
  return code >= 0 && static_cast<size_t>(code) < sizeof names / sizeof *names ? names[code] : "UNKNOWN";
}

[[noreturn]] void refuse(const std::string& message) { throw Failure{"INVALID_ARGUMENT", message}; }

/** TensorFlow's status of a call. */
class Status {
 public:
  TF_Status* get() { return status_.get(); }
  /** Throws what went wrong, if anything did. */
  void check() const {
    if (TF_GetCode(status_.get()) != TF_OK) throw Failure{codeName(TF_GetCode(status_.get())), TF_Message(status_.get())};
  }

 private:
  std::unique_ptr<TF_Status, decltype(&TF_DeleteStatus)> status_{TF_NewStatus(), TF_DeleteStatus};
};

/** Throws Node's own words for a call of Node-API that failed. */
void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  refuse(info != nullptr && info->error_message != nullptr ? info->error_message : "Node-API refused");
}

napi_value errorOf(napi_env env, const Failure& failure) {
  napi_value code = nullptr, message = nullptr, error = nullptr;
  napi_create_string_utf8(env, failure.code.data(), failure.code.size(), &code);
  napi_create_string_utf8(env, failure.message.data(), failure.message.size(), &message);
  napi_create_error(env, code, message, &error);
  return error;
}

// ----------------------------------------------------------------------------------------------- values of JavaScript

struct Bytes {
  napi_typedarray_type type;
  const void* data;
  size_t length;
};

Bytes bytesOf(napi_env env, napi_value value) {
  static const size_t sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};  // in the order of napi_typedarray_type
  bool isTypedArray = false;
  check(env, napi_is_typedarray(env, value, &isTypedArray));
  if (!isTypedArray) refuse("expected a typed array");
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  check(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  if (static_cast<size_t>(type) >= sizeof sizes / sizeof *sizes) refuse("expected a typed array of another kind");
  return {type, data, length * sizes[type]};
}

std::string textOf(napi_env env, napi_value value) {
  size_t length = 0;
  check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, &text[0], length + 1, &length));
  return text;
}

napi_value property(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  check(env, napi_get_named_property(env, object, name, &value));
  return value;
}

std::vector<napi_value> elementsOf(napi_env env, napi_value array) {
  uint32_t length = 0;
  check(env, napi_get_array_length(env, array, &length));
  std::vector<napi_value> values(length);
  for (uint32_t i = 0; i < length; i++) check(env, napi_get_element(env, array, i, &values[i]));
  return values;
}

std::vector<int64_t> shapeOf(napi_env env, napi_value array) {
  std::vector<int64_t> shape;
  for (napi_value size : elementsOf(env, array)) {
    int64_t value = 0;
    check(env, napi_get_value_int64(env, size, &value));
    shape.push_back(value);
  }
  return shape;
}

/** `[32, 77]`; `?` for a size that is not known */
std::string textOf(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) text += (i == 0 ? "" : ", ") + (shape[i] < 0 ? "?" : std::to_string(shape[i]));
  return text + "]";
}

// ----------------------------------------------------------------------------------------------------------- tensors

using Tensor = std::unique_ptr<TF_Tensor, decltype(&TF_DeleteTensor)>;

/** Whether a typed array holds values as tensors of a type do. */
bool holds(napi_typedarray_type array, TF_DataType type) {
  switch (type) {
    case TF_FLOAT: return array == napi_float32_array;
    case TF_INT32: return array == napi_int32_array;
    case TF_BOOL: return array == napi_uint8_array;
    default: return false;
  }
}

/** Whether JavaScript is given values of a type as they are. */
bool isReadable(TF_DataType type) { return type == TF_FLOAT || type == TF_INT32 || type == TF_BOOL; }

/** The shape that the graph states for an output, -1 for sizes that it leaves open. */
bool statedShape(TF_Graph* graph, TF_Output output, std::vector<int64_t>& shape) {
  Status status;
  const int rank = TF_GraphGetTensorNumDims(graph, output, status.get());
  status.check();
  if (rank < 0) return false;
  shape.resize(rank);
  TF_GraphGetTensorShape(graph, output, shape.data(), rank, status.get());
  status.check();
  return true;
}

void checkShape(TF_Graph* graph, TF_Output output, const std::string& name, const std::vector<int64_t>& shape) {
  std::vector<int64_t> stated;
  if (!statedShape(graph, output, stated)) return;
  bool fits = stated.size() == shape.size();
  for (size_t i = 0; fits && i < shape.size(); i++) fits = stated[i] < 0 || stated[i] == shape[i];
  if (!fits) refuse("feed " + name + ": expected shape " + textOf(stated) + ", got " + textOf(shape));
}

/**
 * A tensor with the values of a typed array. They are copied: TensorFlow may keep what it is fed as the value of a variable, and
 * JavaScript may write to an array after it was fed.
 */
Tensor tensorOf(const std::string& name, TF_DataType type, const std::vector<int64_t>& shape, const Bytes& values) {
  if (!holds(values.type, type)) refuse("feed " + name + ": expected a typed array of its dtype");
  size_t length = TF_DataTypeSize(type);
  for (int64_t size : shape) {
    if (size < 0) refuse("feed " + name + ": expected a shape, got " + textOf(shape));
    if (__builtin_mul_overflow(length, static_cast<size_t>(size), &length)) refuse("feed " + name + ": too large");
  }
  if (values.length != length)
    refuse("feed " + name + ": expected " + std::to_string(length) + " bytes for shape " + textOf(shape) + ", got " +
           std::to_string(values.length));
  Tensor tensor(TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), length), TF_DeleteTensor);
  if (tensor == nullptr)
    throw Failure{"RESOURCE_EXHAUSTED", "feed " + name + ": no memory for its " + std::to_string(length) + " bytes"};
  if (length > 0) std::memcpy(TF_TensorData(tensor.get()), values.data, length);
  return tensor;
}

/** Smaller values are copied: that takes less than looking after memory of TensorFlow's. */
constexpr size_t kCopied = 16384;
/** V8 wants memory for buffers at multiples of this. */
constexpr uintptr_t kAlignment = 8;

/** A fetched tensor for as long as JavaScript can see its memory, or until it is released. */
using Memory = std::shared_ptr<Tensor>;

/** Lets go of the memory that an object of JavaScript's stood for. */
void letGo(napi_env, void*, void* hint) { delete static_cast<Memory*>(hint); }

void copyValues(napi_env env, const TF_Tensor* tensor, napi_value* buffer) {
  void* data = nullptr;
  const size_t length = TF_TensorByteSize(tensor);
  check(env, napi_create_arraybuffer(env, length, &data, buffer));
  if (length > 0) std::memcpy(data, TF_TensorData(tensor), length);
}

/** A tensor's own memory as an ArrayBuffer; false where JavaScript cannot have it, or it is too small for that. */
bool lendValues(napi_env env, const Memory& memory, napi_value* buffer) {
  void* data = TF_TensorData(memory->get());
  const size_t length = TF_TensorByteSize(memory->get());
  if (length < kCopied || reinterpret_cast<uintptr_t>(data) % kAlignment != 0) return false;
  auto held = std::make_unique<Memory>(memory);
  if (napi_create_external_arraybuffer(env, data, length, letGo, held.get(), buffer) != napi_ok) return false;
  held.release();
  return true;
}

/** `{ dtype, shape, buffer, memory }`, the last undefined where the buffer is JavaScript's own. */
napi_value resultOf(napi_env env, Tensor tensor) {
  napi_value result = nullptr, dtype = nullptr, shape = nullptr, buffer = nullptr;
  check(env, napi_create_object(env, &result));
  check(env, napi_create_int32(env, TF_TensorType(tensor.get()), &dtype));
  check(env, napi_set_named_property(env, result, "dtype", dtype));
  check(env, napi_create_array(env, &shape));
  for (int i = 0; i < TF_NumDims(tensor.get()); i++) {
    napi_value size = nullptr;
    check(env, napi_create_int64(env, TF_Dim(tensor.get(), i), &size));
    check(env, napi_set_element(env, shape, i, size));
  }
  check(env, napi_set_named_property(env, result, "shape", shape));
  const Memory memory = std::make_shared<Tensor>(std::move(tensor));
  if (lendValues(env, memory, &buffer)) {
    napi_value handle = nullptr;
    auto held = std::make_unique<Memory>(memory);
    check(env, napi_create_external(env, held.get(), letGo, held.get(), &handle));
    held.release();
    check(env, napi_set_named_property(env, result, "memory", handle));
  } else {
    copyValues(env, memory->get(), &buffer);
  }
  check(env, napi_set_named_property(env, result, "buffer", buffer));
  return result;
}

// ---------------------------------------------------------------------------------------------------------- sessions

class Session;

/** One run of a session: what it is given, then what it gave. */
struct Run {
  std::shared_ptr<Session> session;
  std::vector<TF_Output> inputs, outputs;
  std::vector<Tensor> fed, fetched;
  std::unique_ptr<Failure> failure;
  napi_deferred promise = nullptr;
};

/** Runs that are not settled, in all sessions. */
std::atomic<int> unsettled{0};

/** Whether a thread was left to itself when Node ended: it may compute, or free what it has, until the process ends. */
std::atomic<bool> isThreadLeft{false};

/**
 * A graph with its variables, and threads that compute: as many runs at once.
 *
 * All methods are for Node's thread. The object lives until both its handle in JavaScript and its threads have let go
 * of it.
 */
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const Bytes& definition, const Bytes& config, const std::string& target) {
    Status status;
    const TF_Buffer buffer{definition.data, definition.length, nullptr};
    const std::unique_ptr<TF_ImportGraphDefOptions, decltype(&TF_DeleteImportGraphDefOptions)> importing(
      TF_NewImportGraphDefOptions(), TF_DeleteImportGraphDefOptions);
    TF_GraphImportGraphDef(graph_.get(), &buffer, importing.get(), status.get());
    status.check();
    const std::unique_ptr<TF_SessionOptions, decltype(&TF_DeleteSessionOptions)> options(TF_NewSessionOptions(),
                                                                                         TF_DeleteSessionOptions);
    if (config.length > 0) TF_SetConfig(options.get(), config.data, config.length, status.get());
    status.check();
    if (!target.empty()) TF_SetTarget(options.get(), target.c_str());
    session_ = TF_NewSession(graph_.get(), options.get(), status.get());
    status.check();
  }

  ~Session() { free(); }

  /** Begins to take runs, so many at once. */
  void start(napi_env env, size_t threads) {
    napi_value name = nullptr;
    check(env, napi_create_string_utf8(env, "TensorFlow session", NAPI_AUTO_LENGTH, &name));
    check(env, napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, threads, nullptr, nullptr, nullptr, settle,
                                               &settled_));
    check(env, napi_unref_threadsafe_function(env, settled_));
    env_ = env;
    working_ = threads;
    for (size_t i = 0; i < threads; i++) threads_.emplace_back([self = shared_from_this()] { self->work(); });
    napi_add_env_cleanup_hook(env, onNodeEnds, this);  // they run in reverse: before Node takes the function above away
  }

  TF_Graph* graph() { return graph_.get(); }
  bool isClosed() const { return isClosed_; }

  napi_value enqueue(std::unique_ptr<Run> run) {
    napi_value promise = nullptr;
    check(env_, napi_create_promise(env_, &run->promise, &promise));
    unsettled++;
    if (pending_++ == 0) napi_ref_threadsafe_function(env_, settled_);
    run->session = shared_from_this();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      queue_.push_back(std::move(run));
    }
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
  /** Tells the threads to end when nothing is left to do, and whether there is a Node to tell of what is done. */
  void end(bool hasNode) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      isClosed_ = true;
      hasNode_ = hasNode;
    }
    wake_.notify_all();
  }

  /** Waits for threads that have nothing left to do but to free the session. */
  void finish() {
    napi_remove_env_cleanup_hook(env_, onNodeEnds, this);
    for (std::thread& thread : threads_) thread.join();
  }

  /** Node goes, and what is computing goes on without it. */
  static void onNodeEnds(void* data) {
    Session& session = *static_cast<Session*>(data);
    session.end(false);
    if (session.pending_ > 0) isThreadLeft = true;
    for (std::thread& thread : session.threads_) {
      if (session.pending_ == 0)
        thread.join();
      else
        thread.detach();
    }
  }

  /** A thread: computes what is asked for, until the session is closed and nothing is left to do. */
  void work() {
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return isClosed_ || !queue_.empty(); });
      if (queue_.empty()) break;
      std::unique_ptr<Run> run = std::move(queue_.front());
      queue_.pop_front();
      if (!hasNode_) continue;  // nobody waits for it
      lock.unlock();
      compute(*run);
      lock.lock();
      if (hasNode_ && napi_call_threadsafe_function(settled_, run.get(), napi_tsfn_nonblocking) == napi_ok) run.release();
    }
    if (--working_ == 0) free();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (hasNode_) napi_release_threadsafe_function(settled_, napi_tsfn_release);
  }

  void compute(Run& run) {
    std::vector<TF_Tensor*> fed, fetched(run.outputs.size(), nullptr);
    for (const Tensor& tensor : run.fed) fed.push_back(tensor.get());
    try {
      Status status;
      TF_SessionRun(session_, nullptr, run.inputs.data(), fed.data(), static_cast<int>(fed.size()), run.outputs.data(),
                    fetched.data(), static_cast<int>(fetched.size()), nullptr, 0, nullptr, status.get());
      for (TF_Tensor* tensor : fetched) run.fetched.emplace_back(tensor, TF_DeleteTensor);
      status.check();
    } catch (const Failure& failure) {
      run.failure = std::make_unique<Failure>(failure);
    } catch (const std::bad_alloc& error) {
      run.failure = std::make_unique<Failure>(Failure{"RESOURCE_EXHAUSTED", error.what()});
    } catch (const std::exception& error) {
      run.failure = std::make_unique<Failure>(Failure{"INTERNAL", error.what()});
    }
    run.fed.clear();
  }

  /** On Node's thread, with a run that is through: settles its promise. */
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
    } catch (const Failure& failure) {
      napi_reject_deferred(env, run->promise, errorOf(env, failure));
    }
    if (session.isClosed_ && session.pending_ == 0) session.finish();
  }

  void free() {
    Status status;
    if (session_ != nullptr) TF_DeleteSession(session_, status.get());
    session_ = nullptr;
    graph_.reset();
  }

  std::unique_ptr<TF_Graph, decltype(&TF_DeleteGraph)> graph_{TF_NewGraph(), TF_DeleteGraph};
  TF_Session* session_ = nullptr;
  napi_env env_ = nullptr;
  napi_threadsafe_function settled_ = nullptr;
  std::vector<std::thread> threads_;
  /** Threads that may still compute; the last one frees the session. */
  std::atomic<size_t> working_{0};
  /** Runs that are not settled. */
  int pending_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by the mutex:
  std::deque<std::unique_ptr<Run>> queue_;
  bool isClosed_ = false;
  bool hasNode_ = true;
};

// ------------------------------------------------------------------------------------------------------------ server

/** Whether a server was started. It serves, on threads of its own, until the process ends: it cannot be stopped. */
std::atomic<bool> isServing{false};

/** Whether a file descriptor is a socket that listens at a port. */
bool listensAt(int socket, uint16_t port) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) return false;
  sockaddr_storage address{};
  size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port) == port;
  return address.ss_family == AF_INET6 && ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port) == port;
}

/** This process's sockets that listen at a port. */
std::vector<int> listenersAt(uint16_t port) {
  std::vector<int> sockets;
  const std::unique_ptr<DIR, decltype(&closedir)> folder(opendir("/proc/self/fd"), closedir);
  if (folder == nullptr) throw Failure{"INTERNAL", "/proc/self/fd cannot be read"};
  while (const dirent* entry = readdir(folder.get())) {
    const int socket = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && listensAt(socket, port)) sockets.push_back(socket);
  }
  return sockets;
}

/** Lets a listening socket be reached through one network device, and drops who has reached it through another. */
void tie(int socket, const std::string& device) {
  if (setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), device.size()) != 0)
    throw Failure{"PERMISSION_DENIED", "the port cannot be tied to the network device " + device + ": " + strerror(errno)};
  const int flags = fcntl(socket, F_GETFL);
  if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0)
    throw Failure{"INTERNAL", std::string("fcntl: ") + strerror(errno)};
  for (int early = accept(socket, nullptr, nullptr); early >= 0; early = accept(socket, nullptr, nullptr)) ::close(early);
}

/** TensorFlow has its server listen on all addresses, whichever is asked for: between that and its first answer, tie. */
napi_value serve(napi_env env, const napi_value* args) {
  const Bytes definition = bytesOf(env, args[0]);
  uint32_t port = 0;
  check(env, napi_get_value_uint32(env, args[1], &port));
  const std::string device = textOf(env, args[2]);
  Status status;
  TF_Server* server = TF_NewServer(definition.data, definition.length, status.get());
  status.check();
  isServing = true;  // one that is not started cannot be deleted either
  const std::vector<int> sockets = listenersAt(static_cast<uint16_t>(port));
  if (sockets.empty()) throw Failure{"INTERNAL", "TensorFlow's server does not listen at port " + std::to_string(port)};
  for (const int socket : sockets) tie(socket, device);
  TF_ServerStart(server, status.get());
  status.check();
  const char* target = TF_ServerTarget(server);
  napi_value result = nullptr;
  check(env, napi_create_string_utf8(env, target, NAPI_AUTO_LENGTH, &result));
  return result;
}

// -------------------------------------------------------------------------------------------- functions of the module

Session& sessionOf(napi_env env, napi_value handle) {
  void* data = nullptr;
  check(env, napi_get_value_external(env, handle, &data));
  return **static_cast<std::shared_ptr<Session>*>(data);
}

napi_value open(napi_env env, const napi_value* args) {
  uint32_t threads = 0;
  check(env, napi_get_value_uint32(env, args[2], &threads));
  if (threads == 0) refuse("a session needs a thread");
  napi_valuetype type;
  check(env, napi_typeof(env, args[3], &type));
  const std::string target = type == napi_undefined ? "" : textOf(env, args[3]);
  auto session = std::make_shared<Session>(bytesOf(env, args[0]), bytesOf(env, args[1]), target);
  session->start(env, threads);
  const auto finalize = [](napi_env, void* data, void*) {
    const std::unique_ptr<std::shared_ptr<Session>> held(static_cast<std::shared_ptr<Session>*>(data));
    (*held)->close();
  };
  napi_value handle = nullptr;
  auto held = std::make_unique<std::shared_ptr<Session>>(std::move(session));
  check(env, napi_create_external(env, held.get(), finalize, nullptr, &handle));
  held.release();
  return handle;
}

TF_Output outputOf(Session& session, const std::string& name) {
  const TF_Output output{TF_GraphOperationByName(session.graph(), name.c_str()), 0};
  if (output.oper == nullptr) refuse("the graph has no node " + name);
  if (TF_OperationNumOutputs(output.oper) == 0) refuse("the node " + name + " has no output");
  return output;
}

void addFeed(napi_env env, Session& session, Run& run, napi_value feed) {
  const std::string name = textOf(env, property(env, feed, "name"));
  const TF_Output input = outputOf(session, name);
  int32_t dtype = 0;
  check(env, napi_get_value_int32(env, property(env, feed, "dtype"), &dtype));
  const TF_DataType stated = TF_OperationOutputType(input);
  if (static_cast<int32_t>(stated) != dtype)
    refuse("feed " + name + ": expected dtype " + std::to_string(stated) + ", got " + std::to_string(dtype));
  const std::vector<int64_t> shape = shapeOf(env, property(env, feed, "shape"));
  checkShape(session.graph(), input, name, shape);
  run.fed.push_back(tensorOf(name, stated, shape, bytesOf(env, property(env, feed, "data"))));
  run.inputs.push_back(input);
}

void addFetch(Session& session, Run& run, const std::string& name) {
  const TF_Output output = outputOf(session, name);
  const TF_DataType type = TF_OperationOutputType(output);
  if (!isReadable(type))
    refuse("fetch " + name + ": JavaScript cannot read dtype " + std::to_string(type) + "; cast it in the graph");
  run.outputs.push_back(output);
}

napi_value run(napi_env env, const napi_value* args) {
  Session& session = sessionOf(env, args[0]);
  if (session.isClosed()) throw Failure{"FAILED_PRECONDITION", "the session is closed"};
  auto run = std::make_unique<Run>();
  for (napi_value feed : elementsOf(env, args[1])) addFeed(env, session, *run, feed);
  for (napi_value fetch : elementsOf(env, args[2])) addFetch(session, *run, textOf(env, fetch));
  return session.enqueue(std::move(run));
}

napi_value release(napi_env env, const napi_value* args) {
  check(env, napi_detach_arraybuffer(env, args[0]));
  napi_valuetype type;
  check(env, napi_typeof(env, args[1], &type));
  if (type == napi_undefined) return nullptr;
  void* data = nullptr;
  check(env, napi_get_value_external(env, args[1], &data));
  (*static_cast<Memory*>(data))->reset();  // not when Node comes to let go of the buffer, turns of its event loop later
  return nullptr;
}

napi_value close(napi_env env, const napi_value* args) {
  sessionOf(env, args[0]).close();
  return nullptr;
}

constexpr size_t kMostArguments = 4;

/** A function as Node-API calls it: what it throws becomes an Error of JavaScript's. */
template <napi_value (*function)(napi_env, const napi_value*)>
napi_value called(napi_env env, napi_callback_info info) {
  try {
    napi_value args[kMostArguments];  // those that are not given are undefined
    size_t count = kMostArguments;
    check(env, napi_get_cb_info(env, info, &count, args, nullptr, nullptr));
    return function(env, args);
  } catch (const Failure& failure) {
    napi_throw(env, errorOf(env, failure));
  } catch (const std::bad_alloc& error) {
    napi_throw(env, errorOf(env, {"RESOURCE_EXHAUSTED", error.what()}));
  } catch (const std::exception& error) {
    napi_throw(env, errorOf(env, {"INTERNAL", error.what()}));
  }
  return nullptr;
}

/**
 * Ends the process where a thread still computes, or serves, or frees what it computed with: the destructors that
 * follow would take TensorFlow's objects away from under it.
 */
void onExit(int status, void*) {
  if (unsettled == 0 && !isThreadLeft && !isServing) return;
  std::fflush(nullptr);
  _exit(status);
}

/**
 * Told that the process is about to end. Functions that `exit` calls are called in reverse order, and TensorFlow adds
 * its own whenever it first makes an object: so this one is added last, to be called first.
 */
napi_value ending(napi_env, const napi_value*) {
  static const int registered = on_exit(onExit, nullptr);
  (void)registered;
  return nullptr;
}

napi_value init(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
    {"open", nullptr, called<open>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
    {"serve", nullptr, called<serve>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
    {"run", nullptr, called<run>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
    {"release", nullptr, called<release>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
    {"ending", nullptr, called<ending>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
    {"close", nullptr, called<close>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}

}  // namespace

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
