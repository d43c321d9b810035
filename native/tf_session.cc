// A Node-API addon over TensorFlow's C API: graphs, each in a session that computes on threads of its own, without
// blocking Node's event loop.
//
//   open(graphDef: Uint8Array, config: Uint8Array, threads, target?) → session
//       an encoded GraphDef and ConfigProto; the target of a server, without which it computes only in this process
//   serve(serverDef: Uint8Array, port, networkDevice: string) → target
//       starts TensorFlow's server from an encoded ServerDef, reachable only through that network device
//   run(session, feeds, fetches: string[]) → Promise<{ dtype, shape, buffer, memory }[]>
//       feeds: { name, dtype, shape: number[], data: typed array }[]; their values are copied before `run` returns
//   devices(session) → { name, type, memoryBytes }[]
//       a session's devices, and the memory that TensorFlow may hand out on each
//   release(buffer, memory)     frees the memory of a fetched tensor now
//   ending()                    to be called when the process is about to end
//   close(session)              closes it after the runs already requested
//
// `ops` names the ops that the addon adds to TensorFlow. A dtype is a number of TensorFlow's `DataType`; tensors are
// the first outputs of the named nodes. Runs of a session begin in the order of the calls. Errors are JavaScript Errors
// whose `code` is the name of TensorFlow's status code.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <node_api.h>
#include <tensorflow/c/c_api.h>
#include "devices.h"
#include "exit.h"
#include "failure.h"
#include "js_values.h"
#include "ops.h"
#include "server.h"
#include "session.h"
#include "status.h"
#include "tensors.h"

namespace kd {
namespace {

/** JavaScript's handle of a session, which closes it when garbage-collected. */
struct Handle {
  std::shared_ptr<Session> session;
  ~Handle() { session->close(); }
};

Session& sessionOf(napi_env env, napi_value handle) {
  void* data = nullptr;
  check(env, napi_get_value_external(env, handle, &data));
  return *static_cast<Handle*>(data)->session;
}

napi_value open(napi_env env, const napi_value* args) {
  uint32_t threads = 0;
  check(env, napi_get_value_uint32(env, args[2], &threads));
  if (threads == 0) refuse("a session needs a thread");
  const std::string target = isUndefined(env, args[3]) ? "" : textOf(env, args[3]);
  std::unique_ptr<Handle> handle(
    new Handle{std::make_shared<Session>(bytesOf(env, args[0]), bytesOf(env, args[1]), target)});
  handle->session->start(env, threads);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Handle*>(data); };
  napi_value external = nullptr;
  check(env, napi_create_external(env, handle.get(), finalize, nullptr, &external));
  handle.release();
  return external;
}

TF_Output outputOf(Session& session, const std::string& name) {
  const TF_Output output{TF_GraphOperationByName(session.graph(), name.c_str()), 0};
  if (output.oper == nullptr) refuse("the graph has no node " + name);
  if (TF_OperationNumOutputs(output.oper) == 0) refuse("the node " + name + " has no output");
  return output;
}

/** Checks a feed's shape against the one that the graph states, where -1 means any size. */
void checkShape(TF_Graph* graph, TF_Output input, const std::string& name, const std::vector<int64_t>& shape) {
  Status status;
  const int rank = TF_GraphGetTensorNumDims(graph, input, status.get());
  status.check();
  if (rank < 0) return;  // the graph states none
  std::vector<int64_t> stated(rank);
  TF_GraphGetTensorShape(graph, input, stated.data(), rank, status.get());
  status.check();
  bool fits = stated.size() == shape.size();
  for (size_t i = 0; fits && i < shape.size(); i++) fits = stated[i] < 0 || stated[i] == shape[i];
  if (!fits) refuse("feed " + name + ": expected shape " + shapeText(stated) + ", got " + shapeText(shape));
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

napi_value serve(napi_env env, const napi_value* args) {
  uint32_t port = 0;
  check(env, napi_get_value_uint32(env, args[1], &port));
  const std::string target = startServer(bytesOf(env, args[0]), port, textOf(env, args[2]));
  napi_value result = nullptr;
  check(env, napi_create_string_utf8(env, target.data(), target.size(), &result));
  return result;
}

napi_value devices(napi_env env, const napi_value* args) {
  Session& session = sessionOf(env, args[0]);
  if (session.isClosed()) throw Failure{"FAILED_PRECONDITION", "the session is closed"};
  return devicesOf(env, session.session());
}

napi_value release(napi_env env, const napi_value* args) {
  releaseResult(env, args[0], args[1]);
  return nullptr;
}

napi_value close(napi_env env, const napi_value* args) {
  sessionOf(env, args[0]).close();
  return nullptr;
}

/** The process is about to end. */
napi_value ending(napi_env, const napi_value*) {
  skipDestructorsAtExit();
  return nullptr;
}

napi_value init(napi_env env, napi_value exports) {
  registerOps();
  setText(env, exports, "ops", kOps);
  return exportAll(
      env, exports,
      {exported<open>("open"),
       exported<serve>("serve"),
       exported<run>("run"),
       exported<devices>("devices"),
       exported<release>("release"),
       exported<ending>("ending"),
       exported<close>("close")});
}

}  // namespace
}  // namespace kd

NAPI_MODULE(NODE_GYP_MODULE_NAME, kd::init)
