// A Node-API addon that asks NVIDIA's driver through CUDA's driver library, which the dynamic loader finds by its name.
// It does not depend on TensorFlow, so that the driver can be asked before TensorFlow is loaded.
//
//   version(library) → '12.4'
//       the newest CUDA that the driver runs
//   gpus(library, hasContexts?) → { name, uuid, capability, totalBytes, freeBytes?, failure? }[]
//       the GPUs that CUDA shows to this process, in its order; with contexts, how much of each is free, or which error
//       keeps this process from it. `uuid` has no prefix; for a part of a divided GPU (MIG) it is that of the part
//
// Errors are JavaScript Errors whose `code` is `NOT_FOUND` for a missing library or function, or the name of CUDA's
// error, such as `CUDA_ERROR_UNKNOWN`. CUDA reads `CUDA_VISIBLE_DEVICES` at the first call of `gpus`.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <dlfcn.h>
#include <node_api.h>
#include "failure.h"
#include "js_values.h"

namespace kd {
namespace {

/** Opens the library. It stays loaded: TensorFlow opens it, too. */
void* opened(const std::string& file) {
  void* const library = dlopen(file.c_str(), RTLD_LAZY);
  if (library == nullptr) throw Failure{"NOT_FOUND", dlerror()};
  return library;
}

/** The name of CUDA's error, `CUDA_ERROR_UNKNOWN`. */
std::string errorName(void* library, int error) {
  const auto nameOf = reinterpret_cast<int (*)(int, const char**)>(dlsym(library, "cuGetErrorName"));
  const char* name = nullptr;
  if (nameOf != nullptr && nameOf(error, &name) == 0 && name != nullptr) return name;
  return "CUDA error " + std::to_string(error);
}

/** A function of the library; the result of all that are used here is 0 for success (`CUresult`). */
template <typename... Arguments>
class CudaFunction {
 public:
  CudaFunction(void* library, const char* name)
      : library_(library), name_(name), function_(reinterpret_cast<int (*)(Arguments...)>(dlsym(library, name))) {}
  explicit operator bool() const { return function_ != nullptr; }
  void operator()(Arguments... arguments) const {
    if (function_ == nullptr) throw Failure{"NOT_FOUND", std::string("CUDA's driver library has no ") + name_};
    const int result = function_(arguments...);
    if (result == 0) return;
    const std::string error = errorName(library_, result);
    throw Failure{error, std::string(name_) + " failed with " + error};
  }

 private:
  void* library_;
  const char* name_;
  int (*function_)(Arguments...);
};

/** `CUuuid` of cuda.h */
struct CudaUuid {
  unsigned char bytes[16];
};

/** `4d3c2b1a-0908-0706-0504-030201000f0e` */
std::string uuidText(const CudaUuid& uuid) {
  std::string text;
  for (size_t i = 0; i < sizeof uuid.bytes; i++) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", uuid.bytes[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits;
  }
  return text;
}

/** The free bytes of a GPU, asked in its primary context. That of a GPU in exclusive use cannot be made. */
size_t freeBytes(void* library, int device) {
  const CudaFunction<void**, int> retain(library, "cuDevicePrimaryCtxRetain");
  const CudaFunction<void*> use(library, "cuCtxSetCurrent");
  const CudaFunction<size_t*, size_t*> memory(library, "cuMemGetInfo_v2");
  const CudaFunction<int> release(library, "cuDevicePrimaryCtxRelease_v2");
  void* context = nullptr;
  retain(&context, device);
  use(context);
  size_t free = 0, total = 0;
  memory(&free, &total);
  use(nullptr);
  if (release) release(device);
  return free;
}

napi_value version(napi_env env, const napi_value* args) {
  const CudaFunction<int*> versionOf(opened(textOf(env, args[0])), "cuDriverGetVersion");
  int number = 0;
  versionOf(&number);  // 12040 for 12.4
  const std::string text = std::to_string(number / 1000) + '.' + std::to_string(number % 1000 / 10);
  napi_value result = nullptr;
  check(env, napi_create_string_utf8(env, text.data(), text.size(), &result));
  return result;
}

napi_value gpus(napi_env env, const napi_value* args) {
  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR of cuda.h
  constexpr int kMajor = 75, kMinor = 76;
  void* const library = opened(textOf(env, args[0]));
  const bool hasContexts = !isUndefined(env, args[1]);
  const CudaFunction<unsigned> init(library, "cuInit");
  const CudaFunction<int*> countOf(library, "cuDeviceGetCount");
  const CudaFunction<int*, int> deviceAt(library, "cuDeviceGet");
  const CudaFunction<char*, int, int> nameOf(library, "cuDeviceGetName");
  const CudaFunction<int*, int, int> attributeOf(library, "cuDeviceGetAttribute");
  const CudaFunction<size_t*, int> memoryOf(library, "cuDeviceTotalMem_v2");
  const CudaFunction<CudaUuid*, int> partUuidOf(library, "cuDeviceGetUuid_v2");
  const CudaFunction<CudaUuid*, int> uuidOf(library, "cuDeviceGetUuid");
  init(0);
  int count = 0;
  countOf(&count);
  napi_value list = nullptr;
  check(env, napi_create_array(env, &list));
  for (int i = 0; i < count; i++) {
    int device = 0, major = 0, minor = 0;
    char name[256] = {};
    size_t bytes = 0;
    CudaUuid uuid{};
    deviceAt(&device, i);
    nameOf(name, static_cast<int>(sizeof name) - 1, device);
    attributeOf(&major, kMajor, device);
    attributeOf(&minor, kMinor, device);
    memoryOf(&bytes, device);
    (partUuidOf ? partUuidOf : uuidOf)(&uuid, device);
    napi_value gpu = nullptr;
    check(env, napi_create_object(env, &gpu));
    setText(env, gpu, "name", name);
    setText(env, gpu, "uuid", uuidText(uuid));
    setNumber(env, gpu, "capability", major + minor / 10.0);
    setNumber(env, gpu, "totalBytes", static_cast<double>(bytes));
    if (hasContexts) {
      try {
        setNumber(env, gpu, "freeBytes", static_cast<double>(freeBytes(library, device)));
      } catch (const Failure& failure) {
        setText(env, gpu, "failure", failure.code);
      }
    }
    check(env, napi_set_element(env, list, static_cast<uint32_t>(i), gpu));
  }
  return list;
}

napi_value init(napi_env env, napi_value exports) {
  return exportAll(env, exports, {exported<version>("version"), exported<gpus>("gpus")});
}

}  // namespace
}  // namespace kd

NAPI_MODULE(NODE_GYP_MODULE_NAME, kd::init)
