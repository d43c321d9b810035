// A Node-API addon that mutes the process's standard error for a while. Node can open and close descriptors, but cannot
// duplicate one like dup(2). The addon does not depend on TensorFlow, so that it can be loaded first.
//
//   mute() → descriptor       redirects standard error to /dev/null; the descriptor is of where it pointed, -1 on
// failure
//   unmute(descriptor)        redirects it back
#include <cstdint>
#include <fcntl.h>
#include <unistd.h>
#include <node_api.h>

namespace {

/** Returns a new descriptor of where standard error pointed; -1 if it is closed, or descriptors have run out. */
int mute() {
  const int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (kept < 0) return -1;
  const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const bool isMuted = nothing >= 0 && dup2(nothing, STDERR_FILENO) >= 0;
  if (nothing >= 0) close(nothing);
  if (isMuted) return kept;
  close(kept);
  return -1;
}

void unmute(int kept) {
  dup2(kept, STDERR_FILENO);
  close(kept);
}

napi_value callMute(napi_env env, napi_callback_info) {
  napi_value kept;
  return napi_create_int32(env, mute(), &kept) == napi_ok ? kept : nullptr;
}

napi_value callUnmute(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  int32_t kept;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count < 1 ||
      napi_get_value_int32(env, argument, &kept) != napi_ok)
    napi_throw_type_error(env, nullptr, "unmute: expected the descriptor that mute gave");
  else
    unmute(kept);
  return nullptr;
}

napi_value init(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
    {"mute", nullptr, callMute, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
    {"unmute", nullptr, callUnmute, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}

}  // namespace

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
