// The GPUs that NVIDIA's driver shows to this process, asked through CUDA's driver library.
#pragma once
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <dlfcn.h>
#include <node_api.h>
#include "failure.h"
#include "js_values.h"

namespace kd {

/** A function of the library; the result of all that are used here is 0 for success (`CUresult`). */
template <typename... Arguments>
class CudaFunction {
 public:
  CudaFunction(void* library, const char* name)
      : name_(name), function_(reinterpret_cast<int (*)(Arguments...)>(dlsym(library, name))) {}
  explicit operator bool() const { return function_ != nullptr; }
  void operator()(Arguments... arguments) const {
    if (function_ == nullptr) throw Failure{"NOT_FOUND", std::string("CUDA's driver library has no ") + name_};
    const int result = function_(arguments...);
    if (result != 0)
      throw Failure{"INTERNAL", std::string(name_) + " failed with CUDA error " + std::to_string(result)};
  }

 private:
  const char* name_;
  int (*function_)(Arguments...);
};

/** `CUuuid` of cuda.h */
struct CudaUuid {
  unsigned char bytes[16];
};

/** `4d3c2b1a-0908-0706-0504-030201000f0e` */
inline std::string uuidText(const CudaUuid& uuid) {
  std::string text;
  for (size_t i = 0; i < sizeof uuid.bytes; i++) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", uuid.bytes[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits;
  }
  return text;
}

/**
 * `[{ name, uuid, capability, totalBytes }]`: the visible GPUs in CUDA's order. `uuid` has no prefix; for a part of a
 * divided GPU (MIG) it is that of the part.
 *
 * @param file the library, `libcuda.so.1`
 */
inline napi_value cudaGpus(napi_env env, const std::string& file) {
  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR of cuda.h
  constexpr int kMajor = 75, kMinor = 76;
  void* const library = dlopen(file.c_str(), RTLD_LAZY);  // stays loaded: TensorFlow has it open, too
  if (library == nullptr) throw Failure{"NOT_FOUND", dlerror()};
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
    check(env, napi_set_element(env, list, static_cast<uint32_t>(i), gpu));
  }
  return list;
}

}  // namespace kd
